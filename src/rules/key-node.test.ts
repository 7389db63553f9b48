import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateKey } from "#crypto";
import { createKeyNode } from "../../test/support/keys.ts";
import { createEnclave, createOrganisation } from "../../test/support/principals.ts";
import { act, found, refused, signed, stateOf, worldStage } from "../../test/support/stage.ts";
import { toBase64 } from "../base/bytes.ts";
import { parseStatement } from "../trust/statement.ts";
import { enclave } from "./enclave.ts";
import { Address, keyNode, Tag } from "./key-node.ts";

const spki = (kind: "P-256" | "Ed25519" | "X25519") => toBase64(generateKey(kind).publicKey.spki);

describe("a key node", () => {
  test("is founded by its own key, under a tag that nobody else has", async () => {
    const stage = worldStage();
    const node = createKeyNode({ tag: "mappic234" });
    await found(stage, node);
    const { tag, address, provider, founded } = stateOf(stage, keyNode, node.id);
    assert.deepEqual([tag, address, provider, founded], ["mappic234", "", "simulated", stage.clock.now()]);
    assert.equal(stage.world.ids.get("mappic234"), node.id);
    await refused(stage, () => found(stage, createKeyNode({ tag: "mappic234" })), "id.taken", { id: "mappic234" });
    await refused(stage, () => found(stage, node), "stream.founded");
  });

  test("proves its keys with evidence that founds no enclave, nor does an enclave's found a key node", async () => {
    const stage = worldStage();
    await refused(stage, () => found(stage, createKeyNode({ isolation: "bubblewrap" })), "attestation.refused");
    const other = { measurement: "0".repeat(96) };
    await refused(stage, () => found(stage, createKeyNode({ payload: other })), "attestation.refused");
    const node = createKeyNode();
    await found(stage, node);
    assert.equal(stage.world.streams.get(node.id)?.book, "key-node");
    assert.throws(() => stateOf(stage, enclave, node.id));
  });

  test("has keys of the kinds that are asked for", async () => {
    const stage = worldStage();
    for (const payload of [
      { encryptionKey: spki("P-256") },
      { tlsKey: spki("Ed25519") },
      { tlsKey: spki("X25519") },
      { signingKey: spki("Ed25519") },
    ])
      await refused(stage, () => found(stage, createKeyNode({ payload })), "key.kind");
    const foreign = { signingKey: spki("P-256") };
    await refused(stage, () => found(stage, createKeyNode({ payload: foreign })), "statement.signature");
  });

  test("says itself where it is, and nobody for it", async () => {
    const stage = worldStage();
    const [node, other] = [createKeyNode(), createKeyNode()];
    const [member, machine] = [createOrganisation("甲"), createEnclave()];
    await found(stage, node, other, member, machine);
    const move = (by: Parameters<typeof act>[1], address = "[::1]:9000") =>
      act(stage, by, "key-node.moved", node.id, { address });
    await move(node, "node-1.example:8890");
    assert.equal(stateOf(stage, keyNode, node.id).address, "node-1.example:8890");
    await refused(stage, () => move(other), "owner.required");
    await refused(stage, () => move(member), "statement.principal");
    await refused(stage, () => move(machine), "statement.principal");
    const forged = signed(stage, node, "key-node.moved", node.id, { address: "x:1" }, { key: other.key });
    await refused(stage, async () => stage.submit(forged), "statement.signature");
  });

  test("speaks for no enclave and no organisation, and they found none", async () => {
    const stage = worldStage();
    const [node, member] = [createKeyNode(), createOrganisation("甲")];
    await found(stage, node, member);
    const publish = () => act(stage, node, "organisation.crl-published", member.id, { crl: "AA==" });
    await refused(stage, publish, "statement.principal");
    const { payload } = parseStatement(createKeyNode().founding).statement;
    await refused(stage, () => act(stage, member, "key-node.attested", "", payload), "statement.principal");
    const { payload: attested } = parseStatement(createEnclave().founding).statement;
    await refused(stage, () => act(stage, node, "enclave.attested", "", attested), "statement.principal");
  });
});

test("a tag is short, and none that reads like an id", () => {
  for (const tag of ["mappic234", "Node-1", "node-1", "1a", "9390321f", "a".repeat(32), "K2026", "123456789"])
    assert.ok(Tag.safeParse(tag).success, tag);
  for (const tag of ["", "a", "-a", "a_b", "节点", "a b", "a".repeat(33), "K20260105080000", "1234567890", "a\n"])
    assert.ok(!Tag.safeParse(tag).success, tag);
});

test("an address is host and port", () => {
  for (const address of ["localhost:1", "10.0.0.7:65535", "[fd00::1]:8890", "node-1.eu.example.com:443"])
    assert.ok(Address.safeParse(address).success, address);
  for (const address of [
    "",
    "a",
    "a:",
    ":1",
    "a:0",
    "a:65536",
    "a:01",
    "a b:1",
    "http://a:1",
    "a:1/",
    "[::1:1",
    "a@b:1",
  ])
    assert.ok(!Address.safeParse(address).success, address);
});
