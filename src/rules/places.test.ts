import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabaseConnection } from "./connection.ts";
import { ObjectLocation } from "./object-location.ts";

const connection = {
  ...{ host: "db.example", port: 3_306, database: "d", table: "t", username: "u", password: "p" },
  rootCertificate: "PEM",
};
const location = {
  ...{ endpoint: "https://store.example:9000", region: "eu", bucket: "bucket", key: "a/b.csv", format: "csv" },
  ...{ accessKeyId: "id", secretAccessKey: "secret" },
};

test("a host is one name or address to everybody who reads it", () => {
  for (const host of ["db.example", "10.0.0.1", "::1", "数据库.example", "db_1.example."])
    assert.ok(DatabaseConnection.safeParse({ ...connection, host }).success, host);
  for (const host of ["", "localhost\0.db.example", "db.example\n", "db example", "a/b", "a@b", "a\\b", "a?b", "a#b"])
    for (const where of ["host", "serverName"])
      assert.ok(!DatabaseConnection.safeParse({ ...connection, [where]: host }).success, JSON.stringify(host));
});

test("a store at an address has no buckets below it", () => {
  assert.ok(ObjectLocation.safeParse(location).success);
  for (const endpoint of ["https://10.0.0.1:9000", "https://[::1]"]) {
    assert.ok(!ObjectLocation.safeParse({ ...location, endpoint }).success, endpoint);
    assert.ok(ObjectLocation.safeParse({ ...location, endpoint, pathStyle: true }).success, endpoint);
  }
});
