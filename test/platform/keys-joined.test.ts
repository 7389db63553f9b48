/** A key node of another machine: it dials the platform, and holds shares like any other. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { currentProgram } from "../../scripts/bundle.ts";
import { joinPlatform } from "../../src/cli/keynode.ts";
import { openPlatform, type TestPlatform } from "../support/in-process.ts";
import { signUp } from "../support/members.ts";
import { startWire } from "../support/peers.ts";

const TOKEN = "a token of enough characters";
const token = TOKEN.replaceAll(" ", "-");
const entente = fileURLToPath(new URL("../../bin/entente.js", import.meta.url));
const DIGEST = "5a".repeat(32);

let platform: TestPlatform;
let home: string;
let program: string;
before(async () => {
  program = await currentProgram("keynode");
  home = mkdtempSync(joinPath(tmpdir(), "entente-far-"));
  platform = await openPlatform({ settings: { "key-nodes": "1", "key-join-token": token } });
});
after(async () => {
  await platform.stop();
  rmSync(home, { recursive: true, force: true });
});

const keysOf = () => platform.keyService ?? assert.fail("no key nodes");

/** Joins as the command does. Resolves with what ends it. */
const come = (change: { token?: string; fingerprint?: string; program?: string; data?: string } = {}) => {
  const leave = Promise.withResolvers<void>();
  const said: string[] = [];
  const { port = 0, fingerprint = "" } = keysOf().door ?? {};
  const server = `127.0.0.1:${port}`;
  const how = { server, fingerprint, token, tag: "far", data: home, program, listen: "127.0.0.1:0" };
  const gone = joinPlatform(
    { ...how, ...change, attestation: "simulated", attestationOptions: {} },
    leave.promise,
    (line) => said.push(line),
  );
  const end = async () => {
    leave.resolve();
    await gone;
  };
  return { said, end };
};
const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  for (let i = 0; i < 240; i++) {
    if (await holds()) return;
    await sleep(125);
  }
  assert.fail("it did not come to that");
};
const farNode = async () => (await keysOf().service.nodes()).find(({ tag }) => tag === "far");
const sign = async (key: string) => {
  const { service, house } = keysOf();
  const { id } = await service.requestSignature(house, { key, messages: [{ kind: "digest", hex: DIGEST }] });
  return service.settledRequest(house, id, 60_000);
};

test("whoever has no token, or dials another server than it means, does not come in", async () => {
  const wrong = come({ token: "another token of enough" });
  const elsewhere = come({ fingerprint: "00".repeat(32) });
  await until(() => wrong.said.length > 0 && elsewhere.said.length > 0);
  assert.match(wrong.said[0] ?? "", /does not take this node/);
  assert.match(elsewhere.said[0] ?? "", /not the one that you named/);
  assert.equal(await farNode(), undefined);
  await Promise.all([wrong.end(), elsewhere.end()]);
});

test("it makes keys and signs with the others; gone it is waited for; back it is the same node", async () => {
  const { service, house } = keysOf();
  let far = come();
  await until(async () => (await farNode())?.up === true);
  const { node } = (await farNode()) ?? assert.fail();
  const { id } = await service.createKey(house, {
    ...{ scheme: "EDDSA_ED25519", threshold: 2, participants: ["node-1", "far"] },
  });
  assert.equal((await service.settledKey(house, id, 60_000)).status, "enabled");
  assert.equal((await sign(id)).status, "completed");
  await far.end();
  await until(async () => (await farNode())?.up === false);
  const waiting = sign(id);
  // Whatever is installed there by now.
  const next = joinPath(home, "next.mjs");
  writeFileSync(next, `${readFileSync(program, "utf8")}// The next version.\n`);
  far = come({ program: next });
  assert.equal((await waiting).status, "completed");
  assert.equal((await farNode())?.node, node);
  await far.end();
});

test("one that has lost its store comes back without its shares once its operator has said so, and not before", async () => {
  const { service, house, nodes } = keysOf();
  let far = come();
  await until(async () => (await farNode())?.up === true);
  const { id } = await service.createKey(house, {
    ...{ scheme: "ECDSA_R1", threshold: 2, participants: ["node-1", "far"] },
  });
  assert.equal((await service.settledKey(house, id, 60_000)).status, "enabled");
  await far.end();
  await until(async () => (await farNode())?.up === false);
  const folder = joinPath(home, "far");
  for (const one of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (/store\.db/.test(one)) rmSync(joinPath(folder, one));
  far = come();
  await sleep(2_000);
  assert.equal((await farNode())?.up, false);
  await far.end();
  const consent = joinPath(folder, "accept-lost-store");
  writeFileSync(consent, "");
  far = come();
  await until(async () => (await farNode())?.up === true);
  assert.ok(!existsSync(consent));
  const status = await nodes
    .all()
    .find(({ tag }) => tag === "far")
    ?.status();
  assert.equal(status?.keys, 0);
  await far.end();
});

test("another program under its tag is not taken for it", async () => {
  const impostor = come({ data: joinPath(home, "other") });
  await sleep(1_500);
  assert.equal((await farNode())?.up, false);
  await impostor.end();
  const account = await signUp(platform, "看客");
  assert.equal((await account.client.keyNodes.get({ id: "far" })).running, false);
});

test("told to leave between the server's welcome and its program's start, it leaves", async () => {
  const { port = 0, fingerprint = "" } = keysOf().door ?? {};
  const leave = Promise.withResolvers<void>();
  await joinPlatform(
    {
      ...{ server: `127.0.0.1:${port}`, fingerprint, token, tag: "brief", data: home, listen: "127.0.0.1:0" },
      ...{ attestation: "simulated", attestationOptions: {} },
      get program() {
        leave.resolve();
        return program;
      },
    },
    leave.promise,
    assert.fail,
  );
});

/** A port that nobody has at the moment. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

test("two nodes joined from a shell sign with one another at a distance, over the addresses that they advertise", async (t) => {
  const { port, fingerprint } = keysOf().door ?? assert.fail();
  const tokenFile = joinPath(home, "token");
  writeFileSync(tokenFile, token);
  const wires = await Promise.all(
    ["far-1", "far-2"].map(async (tag) => {
      const wire = await startWire({ delay: 40 });
      wire.to = await freePort();
      const flags = [
        ...["--fingerprint", fingerprint, "--token-file", tokenFile, "--tag", tag, "--data", home],
        ...["--listen", `127.0.0.1:${wire.to}`, "--advertise", `127.0.0.1:${wire.port}`],
      ];
      const command = `exec ${process.execPath} ${entente} keynode join 127.0.0.1:${port} ${flags.join(" ")}`;
      const child = spawn("sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"] });
      const ended = once(child, "exit");
      t.after(async () => {
        child.kill("SIGTERM");
        await ended;
        await wire.close();
      });
      return wire;
    }),
  );
  const { service, house } = keysOf();
  const both = async () => (await service.nodes()).filter(({ tag, up }) => up && tag.startsWith("far-"));
  await until(async () => (await both()).length === 2);
  const account = await signUp(platform, "远方");
  for (const [at, tag] of ["far-1", "far-2"].entries())
    assert.equal((await account.client.keyNodes.get({ id: tag })).address, `127.0.0.1:${wires[at]?.port}`);
  for (const scheme of ["EDDSA_ED25519", "ECDSA_K1"] as const) {
    const { id } = await service.createKey(house, { scheme, threshold: 2, participants: ["far-1", "far-2"] });
    assert.equal((await service.settledKey(house, id, 60_000)).status, "enabled");
    assert.equal((await sign(id)).status, "completed");
  }
  // The one connection that they have leads through the wire of one of them.
  for (const wire of wires) wire.cut();
  const { id } = await service.createKey(house, {
    ...{ scheme: "EDDSA_ED25519", threshold: 2, participants: ["far-1", "far-2"] },
  });
  assert.equal((await service.settledKey(house, id, 60_000)).status, "enabled");
});
