import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { restrictNetwork, routeTo } from "./network.ts";

afterEach(() => restrictNetwork([]));

/** Addresses that a connection to the host would be made to; undefined where it goes its ordinary way. */
const addressesOf = async (host: string): Promise<unknown> => {
  const { lookup } = routeTo(host);
  if (!lookup) return undefined;
  return await new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });
};
const refusedBy = (entries: readonly string[], host: string) => {
  restrictNetwork(entries);
  return assert.rejects(async () => addressesOf(host), { code: "enclave.network" }, `${entries} let ${host} through`);
};

test("without a list every host is let through", () => assert.deepEqual(routeTo("anything.example"), {}));

test("a name stands for itself and what is below it, in any case, with or without the last dot", () => {
  restrictNetwork(["DB.example", "10.0.0.0/8"]);
  for (const host of ["db.example", "a.b.DB.example", "db.example."]) assert.deepEqual(routeTo(host), {}, host);
});

test("what only looks like a name on the list is not", async () => {
  for (const host of ["evildb.example", "db.example.evil", "example", "db.example..", "", "db.example@10.0.0.1"])
    await refusedBy(["db.example"], host);
});

test("addresses are compared with blocks, in every way to write them", async () => {
  restrictNetwork(["10.1.0.0/16", "2001:db8::/32", "192.0.2.7", "fe80::/10"]);
  for (const host of ["10.1.255.1", "2001:db8::1", "2001:DB8:0:0::1", "192.0.2.7", "::ffff:10.1.0.1", "fe80::1%lo"])
    assert.deepEqual(routeTo(host), {}, host);
  for (const host of ["10.2.0.1", "192.0.2.8", "2001:db9::1", "::ffff:10.2.0.1", "::ffff:7f00:1", "::1", "0.0.0.0"])
    await refusedBy(["10.1.0.0/16", "2001:db8::/32", "192.0.2.7"], host);
});

test("a name is connected to only under the addresses that were compared", async () => {
  restrictNetwork(["127.0.0.0/8"]);
  assert.deepEqual(await addressesOf("localhost"), [{ address: "127.0.0.1", family: 4 }]);
  // What the resolver takes for an address is compared as the address that it is.
  assert.deepEqual(await addressesOf("127.1"), [{ address: "127.0.0.1", family: 4 }]);
  await refusedBy(["10.0.0.0/8"], "127.1");
  await refusedBy(["10.0.0.0/8"], "localhost");
  await refusedBy(["10.0.0.0/8"], "nobody.invalid");
});

test("entries that are neither names nor blocks are refused", () => {
  for (const entry of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "2001:db8::/129",
    "10.0.0.0/x",
    "10.0.0.0/",
    "*.example",
    ".example",
    "a b",
    "https://a.example",
    "db.example/8",
  ])
    assert.throws(() => restrictNetwork(["a.example", entry]), { code: "enclave.networks" }, entry);
});
