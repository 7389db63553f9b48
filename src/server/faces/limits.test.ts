/** How often one address may ask at the faces, each of which says no in its own words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openFaces } from "../../../test/support/faces.ts";
import { createRateLimit } from "../../platform/rate-limit.ts";

test("whoever asks too often is told so by every face, and when to come again", async (t) => {
  const clock = { now: () => 0 };
  const faces = await openFaces({ limits: createRateLimit({ clock, perSecond: 1, burst: 2 }) });
  t.after(() => faces.close());
  const get = () => fetch(`${faces.url}/api/mappic/dkms/key/get?keyId=K1`);
  for (let i = 0; i < 2; i++) assert.equal((await get()).status, 404);
  const refused = await get();
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assert.equal(((await refused.json()) as { errorCode: string }).errorCode, "42900");
  const post = async (path: string, type: string) => {
    const response = await fetch(faces.url + path, { method: "POST", headers: { "content-type": type }, body: "{}" });
    return response.json();
  };
  const ethereum = (await post("/ethereum", "application/json")) as { error: { code: number } };
  assert.equal(ethereum.error.code, -32005);
  const kms = (await post("/kms", "application/x-amz-json-1.1")) as { __type: string };
  assert.equal(kms.__type, "ThrottlingException");
});

test("a page that points a name of its own here is refused, whatever it says a proxy was asked", async (t) => {
  const faces = await openFaces({ trustedProxies: ["127.0.0.1"] });
  t.after(() => faces.close());
  const { request } = await import("node:http");
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const to = { port: faces.port, host: "127.0.0.1", path: "/api/mappic/dkms/key/get?keyId=K1", headers };
      request(to, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  assert.equal(await status({ host: "localhost" }), 404);
  assert.equal(await status({ host: "evil.example", "x-forwarded-host": "localhost" }), 403);
});
