import assert from "node:assert/strict";
import { test } from "node:test";
import vector from "../../../test/vectors/aws-sigv4-s3.json" with { type: "json" };
import { ObjectLocation } from "../../rules/object-location.ts";
import { signedHeaders, urlOf } from "./sign.ts";

const location = (more: object) =>
  ObjectLocation.parse({
    endpoint: "https://s3.example.com",
    region: "cn-north-1",
    bucket: "hospital-data",
    key: "visits.csv",
    format: "csv",
    accessKeyId: "id",
    secretAccessKey: "secret",
    ...more,
  });

test("the published signature of a GET", async () => {
  const headers = await signedHeaders(new URL(vector.url), vector.credentials, vector.headers, Date.parse(vector.at));
  assert.equal(headers.authorization, vector.authorization);
});

test("a session token and conditions are signed too", async () => {
  const headers = await signedHeaders(
    urlOf(location({})),
    { ...vector.credentials, sessionToken: "token" },
    { range: "bytes=5-", "if-match": '"etag"' },
    0,
  );
  assert.equal(headers["x-amz-security-token"], "token");
  assert.match(
    headers.authorization ?? "",
    /SignedHeaders=host;if-match;range;x-amz-content-sha256;x-amz-date;x-amz-security-token,/,
  );
});

test("buckets are hosts, or paths where the store has them so", () => {
  assert.equal(urlOf(location({})).href, "https://hospital-data.s3.example.com/visits.csv");
  const odd = { endpoint: "https://10.0.0.1:9000/", key: "2026/病例 (1)+a'b?c#d%.csv", pathStyle: true };
  assert.equal(
    urlOf(location(odd)).href,
    "https://10.0.0.1:9000/hospital-data/2026/%E7%97%85%E4%BE%8B%20%281%29%2Ba%27b%3Fc%23d%25.csv",
  );
});

test("locations that would send credentials elsewhere or in the clear have no shape", () => {
  for (const wrong of [
    { endpoint: "http://s3.example.com" },
    { endpoint: "http://127.0.0.1:9000" },
    { endpoint: "https://user:password@s3.example.com" },
    { endpoint: "https://s3.example.com/path" },
    { endpoint: "https://s3.example.com/?x" },
    { endpoint: "s3.example.com" },
    { bucket: "evil.example/" },
    { bucket: "a@b" },
    { key: "a/../../other-bucket/b" },
    { key: "./a" },
    { key: "\ud800" },
    { key: "" },
    { format: "orc" },
    { region: "US EAST" },
    { unknown: true },
  ])
    assert.throws(() => location(wrong), `${JSON.stringify(wrong)} was taken`);
});
