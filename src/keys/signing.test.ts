/** Which nodes are asked to sign, and what becomes of what they answer: with nodes of the test at the pillar's own port. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openEvidence } from "../../test/support/evidence.ts";
import { heldKeys } from "../../test/support/held-keys.ts";
import { completedPayload, enabledKey, requestPayload, type Vault, vault } from "../../test/support/keys.ts";
import { SALT, type Signatory } from "../../test/support/principals.ts";
import { act, ledgerStage, type Stage, signed, stateOf } from "../../test/support/stage.ts";
import { fromHex, toHex } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { Refusal } from "../base/refusal.ts";
import type { Ledger } from "../ledger/port.ts";
import { keyRequest } from "../rules/key-request.ts";
import { digestOf } from "../trust/digest.ts";
import { openCheckpoint } from "../trust/log/checkpoint.ts";
import { createSigning, type Signing } from "./signing.ts";

const { publicKey, sign } = heldKeys.ECDSA_K1();
const ASKED = { salt: SALT, messages: [{ kind: "digest", hex: "d".repeat(64) }], note: "" };
const outcomeOf = (signature: Uint8Array) => ({
  salt: SALT,
  signatures: [toHex(signature)],
  publicKey: toHex(publicKey),
});
const DETAIL = outcomeOf(sign(fromHex("d".repeat(64))));

let directory: string;
let ledger: Ledger;
let stage: Stage<Clock>;
let all: Vault;
let key: string;
let signing: Signing;
let reasons: Map<string, Refusal>;
let kept: Map<string, string>;
let asked: (readonly number[])[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "entente-signing-"));
  ledger = await openEvidence(directory);
  stage = ledgerStage(ledger, systemClock);
  all = await vault(stage);
  key = await enabledKey(stage, all, { publicKey: toHex(publicKey) });
  kept = new Map();
  asked = [];
});
afterEach(async () => {
  signing.work.stop();
  await ledger.close();
  rmSync(directory, { recursive: true });
});

type Answer = (request: string, signers: readonly number[]) => Promise<{ statement: string; detail?: typeof DETAIL }>;

/** The ledger as a node has followed it. */
const followed = () => {
  const { size, root } = openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
  return { size, root: toHex(root) };
};
const completes =
  (by: Signatory, detail = DETAIL, more: Record<string, unknown> = {}): Answer =>
  async (request, signers) => ({
    statement: signed(stage, by, "key-request.completed", request, {
      ...completedPayload({ signers, detail: digestOf(detail), version: all.group, checkpoint: followed(), ...more }),
    }),
    detail,
  });
const follows: Answer = async () => ({ statement: "" });
const refuses =
  (code: string, details: Record<string, unknown> = {}): Answer =>
  () =>
    Promise.reject(new Refusal(code, 409, details));

/** @param answers of each node of the key, by place; one without is not connected */
const start = (answers: readonly (Answer | undefined)[]): void => {
  const places = new Map(all.nodes.map(({ id }, place) => [id, place]));
  const answerOf = (node: string) => answers[places.get(node) ?? -1];
  reasons = new Map();
  signing = createSigning({
    reasons,
    ledger,
    nodes: {
      isUp: (node) => answerOf(node) !== undefined,
      of: (node) =>
        ({
          sign: async (request: string, signers: readonly number[]) => {
            const leads = signers[0] === (places.get(node) ?? 0) + 1;
            if (leads) asked.push(signers);
            const answer = await answerOf(node)?.(request, signers);
            // Only the first says what came of it.
            return answer?.detail && !leads ? { statement: "" } : answer;
          },
        }) as never,
    },
    views: {
      putDetail: async (digest, text) => void kept.set(digest, text),
      details: async (digests) => new Map(digests.map((digest) => [digest, ASKED])),
    },
    concurrency: { all: 4, each: 4 },
    patienceOf: () => 1_000,
    now: () => systemClock.now(),
    onError: () => undefined,
  });
  signing.work.start();
};
const ask = () => act(stage, all.requester, "key-request.founded", "", requestPayload(stage, key));
const settled = async (request: string, done: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(done(), stateOf(stage, keyRequest, request).status);
};
const statusOf = (request: string) => stateOf(stage, keyRequest, request).status;
const completed = (request: string) => settled(request, () => statusOf(request) === "completed");
const signers = () => asked.map((some) => some.join());

describe("a request", () => {
  test("is signed by as many as the threshold, always the same of a key, and its signatures are kept first", async () => {
    start([completes(all.nodes[0]), completes(all.nodes[1]), completes(all.nodes[2])]);
    for (let i = 0; i < 3; i++) await completed(await ask());
    assert.equal(new Set(signers()).size, 1);
    assert.equal(asked[0]?.length, 2);
    assert.deepEqual(JSON.parse(kept.get(digestOf(DETAIL)) ?? ""), DETAIL);
  });

  test("that was withdrawn while it was being signed is completed: what was signed is on the ledger", async () => {
    let payload: ReturnType<typeof followed> | undefined;
    /** Its first word comes when the withdrawal is there already. */
    const first: Answer = async (request, some) => {
      payload ??= followed();
      const answer = await completes(all.nodes[0], DETAIL, { checkpoint: payload })(request, some);
      if (statusOf(request) === "pending") await act(stage, all.requester, "key-request.withdrawn", request);
      return answer;
    };
    start([first, follows, undefined]);
    const request = await ask();
    await completed(request);
    assert.equal(signers().length, 2);
  });

  test("goes to others when a node is not there", async () => {
    start([completes(all.nodes[0]), follows, undefined]);
    await completed(await ask());
    assert.deepEqual(signers(), ["1,2"]);
  });

  test("leaves out who did not answer another, and not who says so", async () => {
    const unreachable = refuses("keynode.unreachable", { nodes: all.nodes[1].id });
    const with2 =
      (by: Signatory): Answer =>
      (request, some) =>
        some.includes(2) ? unreachable(request, some) : completes(by)(request, some);
    start([with2(all.nodes[0]), refuses("channel.closed"), with2(all.nodes[2])]);
    await completed(await ask());
    assert.equal(signers().at(-1), "1,3");
  });

  test("in which two blame each other, or nobody anybody, is tried with other signers", async () => {
    for (const [of2, ofOthers] of [
      [
        refuses("keynode.signing", { nodes: all.nodes.map(({ id }) => id) }),
        refuses("peer.refused", { node: all.nodes[1].id }),
      ],
      [
        refuses("keynode.signing", { nodes: all.nodes.map(({ id }) => id) }),
        refuses("keynode.unreachable", { nodes: [] }),
      ],
      [follows, refuses("keynode.unreachable", { nodes: [] })],
    ] as const) {
      const with2 =
        (by: Signatory): Answer =>
        (request, some) =>
          (some.includes(2) ? ofOthers : completes(by))(request, some);
      asked = [];
      start([with2(all.nodes[0]), of2, with2(all.nodes[2])]);
      const request = await ask();
      await completed(request);
      assert.equal(signers().at(-1), "1,3");
      assert.equal(new Set(signers()).size, asked.length, "none is asked twice");
      signing.work.stop();
    }
  });

  test("that no signers get done waits, and is tried with the first of them again", async () => {
    const fails = refuses("keynode.unreachable", { nodes: [] });
    start([fails, fails, fails]);
    const request = await ask();
    await settled(request, () => asked.length >= 4);
    assert.equal(new Set(signers().slice(0, 3)).size, 3);
    assert.equal(signers()[3], signers()[0]);
  });

  test("to which a node answers what the ledger does not take is signed by others", async () => {
    const lies: Answer = async () => ({ statement: "nonsense" });
    const with2 =
      (by: Signatory): Answer =>
      (request, some) =>
        (some.includes(2) ? follows : completes(by))(request, some);
    start([with2(all.nodes[0]), lies, with2(all.nodes[2])]);
    await completed(await ask());
  });

  test("whose leader makes something up is signed by others, and what it made up is not kept", async () => {
    const another = outcomeOf(sign(fromHex("e".repeat(64))));
    const elsewhere = await ask();
    const unsaid: Answer = async (request, some) => ({
      ...(await completes(all.nodes[0])(request, some)),
      detail: another,
    });
    const { size, root } = followed();
    const [leader] = all.nodes;
    const nobodyElse = { size: size + 1_000, root };
    for (const lies of [
      completes(leader, another),
      unsaid,
      completes(leader, DETAIL, { signers: [1, 2, 3] }),
      completes(leader, DETAIL, { epoch: 2 }),
      completes(leader, DETAIL, { version: "e".repeat(64) }),
      completes(leader, DETAIL, { checkpoint: { size, root: "f".repeat(64) } }),
      completes(leader, DETAIL, { checkpoint: nobodyElse }),
      completes(leader, DETAIL, { checkpoint: { size, root } }),
      completes(all.nodes[1]),
      (_, some) => completes(leader)(elsewhere, some),
    ] satisfies Answer[]) {
      const others = [lies, completes(all.nodes[1]), follows];
      const policy = refuses("keynode.policy");
      start(others.map((answer) => (one, some) => (one === elsewhere ? policy : answer)(one, some)));
      const request = await ask();
      await completed(request);
      assert.equal(stateOf(stage, keyRequest, request).completed?.signers.join(), "2,3");
      assert.ok(!kept.has(digestOf(another)));
      signing.work.stop();
    }
    assert.equal(statusOf(elsewhere), "pending");
  });

  test("to which a node answers nothing that it was asked for is signed by others", async () => {
    const odd = refuses("keynode.unreachable", { nodes: { toString: 1 }, node: [[7]] });
    const cut: Answer = async (request, some) => {
      const { statement } = await completes(all.nodes[0])(request, some);
      return { statement: statement.slice(0, -1) };
    };
    for (const answer of [odd, cut]) {
      const with1 =
        (by: Signatory): Answer =>
        (request, some) =>
          (some.includes(1) ? follows : completes(by))(request, some);
      start([answer, with1(all.nodes[1]), follows]);
      const request = await ask();
      await completed(request);
      assert.equal(stateOf(stage, keyRequest, request).completed?.signers.join(), "2,3");
      signing.work.stop();
    }
  });

  test("that a node always says something old of is signed by others in time", async () => {
    let old = "";
    const slow: Answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { statement: old };
    };
    const with1 =
      (by: Signatory): Answer =>
      (request, some) =>
        (some.includes(1) ? follows : completes(by))(request, some);
    const request = await ask();
    old = signed(stage, all.nodes[0], "key-request.failed", request, { code: "keynode.policy" });
    await act(stage, all.approvers[0], "key-request.approved", request);
    start([slow, with1(all.nodes[1]), follows]);
    await completed(request);
  });

  test("whose leader says an old completion, and then nothing, is signed by others", async () => {
    const request = await ask();
    const old = await completes(all.nodes[0])(request, [1, 2]);
    await act(stage, all.approvers[0], "key-request.approved", request);
    let isFirst = true;
    const fades: Answer = async () => {
      const answer = isFirst ? old : { statement: "" };
      isFirst = false;
      return answer;
    };
    start([fades, completes(all.nodes[1]), follows]);
    await completed(request);
    assert.equal(stateOf(stage, keyRequest, request).completed?.signers.join(), "2,3");
  });

  test("is completed by the ledger that its nodes had followed, if they might sign by that", async () => {
    const moves =
      (checkpoint: () => object): Answer =>
      async (request, some) => {
        const at = checkpoint();
        // It is asked again when the request has moved.
        if (stateOf(stage, keyRequest, request).approvals.length === 0)
          await act(stage, all.approvers[0], "key-request.approved", request);
        return completes(all.nodes[0], DETAIL, { checkpoint: at })(request, some);
      };
    start([moves(followed), follows, undefined]);
    const first = await ask();
    await completed(first);
    signing.work.stop();
    const request = await ask();
    await act(stage, all.administrators[0], "key.disabled", key);
    const disabled = followed();
    await act(stage, all.administrators[0], "key.enabled", key);
    start([moves(() => disabled), completes(all.nodes[1]), follows]);
    await completed(request);
    assert.equal(stateOf(stage, keyRequest, request).completed?.signers.join(), "2,3");
  });

  test("in which a node says nothing is signed by others; what another said of it meanwhile is not kept waiting", async () => {
    const silence: Answer = () => new Promise(() => undefined);
    const without2 =
      (by: Signatory): Answer =>
      (request, some) =>
        (some.includes(2) ? refuses("keynode.unreachable", { nodes: [] }) : completes(by))(request, some);
    start([without2(all.nodes[0]), silence, without2(all.nodes[2])]);
    await completed(await ask());
    start([completes(all.nodes[0]), silence, completes(all.nodes[2])]);
    await completed(await ask());
  });

  test("whose leader was only slow is completed by it, where no others can sign", async () => {
    const late: Answer = async (request, some) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return completes(all.nodes[0])(request, some);
    };
    start([late, follows, undefined]);
    const request = await ask();
    await completed(request);
    assert.equal(stateOf(stage, keyRequest, request).completed?.signers.join(), "1,2");
  });

  test("whose node has no share is signed by the two that have theirs", async () => {
    start([refuses("keynode.not-held"), completes(all.nodes[1]), follows]);
    await completed(await ask());
    assert.equal(signers().at(-1), "2,3");
  });

  test("that the nodes refuse waits, says why, and is tried again when somebody approves it", async () => {
    let approved = false;
    const judge =
      (by: Signatory): Answer =>
      (request, some) =>
        approved ? completes(by)(request, some) : refuses("keynode.policy", { reason: "approvals" })(request, some);
    start([judge(all.nodes[0]), judge(all.nodes[1]), judge(all.nodes[2])]);
    const request = await ask();
    await settled(request, () => reasons.get(request)?.code === "keynode.policy");
    assert.equal(statusOf(request), "pending");
    approved = true;
    await act(stage, all.approvers[0], "key-request.approved", request);
    await completed(request);
    await settled(request, () => !reasons.has(request));
  });

  test("that moved while it was signed is answered for again, over what it is now", async () => {
    let first = true;
    const slow: Answer = async (request, some) => {
      const answer = await completes(all.nodes[some[0] === 1 ? 0 : 1])(request, some);
      if (first) await act(stage, all.approvers[0], "key-request.approved", request);
      first = false;
      return answer;
    };
    start([slow, slow, slow]);
    await completed(await ask());
  });

  test("that too few nodes can sign waits for them", async () => {
    start([completes(all.nodes[0]), undefined, undefined]);
    const request = await ask();
    await settled(request, () => reasons.get(request)?.code === "key-node.too-few");
    assert.equal(statusOf(request), "pending");
  });

  test("in which nodes will never take part fails by their word", async () => {
    const never =
      (by: Signatory): Answer =>
      async (request) => ({ statement: signed(stage, by, "key-request.failed", request, { code: "keynode.policy" }) });
    start([never(all.nodes[0]), never(all.nodes[1]), never(all.nodes[2])]);
    const request = await ask();
    await settled(request, () => statusOf(request) === "failed");
  });
});
