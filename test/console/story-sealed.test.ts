/** What is sealed leaves the browser in no other form: every request of somebody who seals is watched. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { unpack } from "../../src/enclave/archive.ts";
import { createAuthority } from "../../src/sdk/workflows/index.ts";
import { certificateToPem } from "../../src/trust/x509/certificate.ts";
import { member, noBrowser, open, openConsole, type Person } from "../support/browser.ts";
import { example, fillDatabase, linesOf, packModel, picture, publishModel, sealTable } from "../support/story.ts";
import { type Watcher, watcher } from "../support/watched.ts";

/** As nobody else on this machine has it. */
const planted = (): string => randomBytes(20).toString("hex");

test("a table, a model and how a database is reached are sent sealed or not at all", { skip: noBrowser }, async (t) => {
  const console = await openConsole(t);
  const watched = await watcher(t);
  const operator = await console.operator();
  const hospital = await member(console, operator, "First-Hospital", { proxy: watched.proxy });
  await watches(hospital, watched);

  const archive = await packModel(console.directory);
  await publishModel(hospital, "Sealed model", archive, false);
  await sealTable(hospital, "Measurements", example("measurements.csv"));
  const large = watched.said().filter(({ what }) => what === "POST /v1/blobs");
  const table = readFileSync(example("measurements.csv"));
  assert.ok(
    large.some(({ bytes }) => bytes.length > table.length),
    "what a worker sends is seen",
  );

  const credential = `credential ${planted()}`;
  const user = `reader-${planted()}`;
  const root = join(console.directory, "root.pem");
  writeFileSync(root, certificateToPem(createAuthority("Databases", { now: Date.now() }).certificate));
  await open(hospital, "/sources/new");
  const before = watched.said().length;
  await fillDatabase(hospital, { user, credential, root });
  await picture(hospital, "source-unreachable");
  assert.ok(
    watched
      .said()
      .slice(before)
      .some(({ what }) => what.startsWith("POST ")),
    "the enclave was asked",
  );

  const files = [...(await unpack(readFileSync(archive)))].map(([name, bytes]): [string, Uint8Array] => [
    name,
    bytes.slice(64, 128),
  ]);
  const secrets = new Map([
    ...files.filter(([name]) => name !== "README.md"),
    ...linesOf(archive),
    ...linesOf(example("measurements.csv")),
    ["credential", utf8(credential)],
    ["user of the database", utf8(user)],
  ]);
  assert.deepEqual(watched.leaks(secrets), []);
  // Nor is it kept: what a draft may hold is said in the form.
  const kept = await hospital.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes(credential), "no draft keeps a password");
});

/** The watcher finds what is sent in the clear, however it is wrapped. */
const watches = async ({ page }: Person, watched: Watcher): Promise<void> => {
  const values = { body: planted(), wrapped: planted(), address: planted(), header: planted(), form: planted() };
  await page.evaluate(async ({ body, wrapped, address, header, form }) => {
    const send = (path: string, init: RequestInit) => fetch(path, init).catch(() => undefined);
    await send("/v1/sessions?body", { method: "POST", body });
    await send("/v1/sessions?wrapped", { method: "POST", body: JSON.stringify({ file: btoa(`x${wrapped}`) }) });
    await send(`/v1/health?q=${encodeURIComponent(address)}`, {});
    await send("/v1/health?header", { headers: { "x-planted": header } });
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/sessions?form");
    request.send(new Blob([new TextEncoder().encode(form)]));
    await new Promise((resolve) => request.addEventListener("loadend", resolve));
  }, values);
  const wanted = new Map(Object.entries(values).map(([name, value]) => [name, utf8(value)]));
  const found = watched.leaks(wanted).map((leak) => leak.split(" ")[0]);
  assert.deepEqual(found.sort(), Object.keys(values).sort());
  assert.deepEqual(watched.leaks(new Map([["never sent", utf8(planted())]])), []);
};
