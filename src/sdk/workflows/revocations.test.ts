/** Revocation lists are made on what the organisation's own CA has signed, never on what a server makes up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOrganisation, START } from "../../../test/support/principals.ts";
import { fromBase64, toBase64 } from "../../base/bytes.ts";
import { DAY } from "../../base/clock.ts";
import { type Crl, createCrl, parseCrl } from "../../trust/x509/crl.ts";
import { randomSerial } from "../../trust/x509/issue.ts";
import type { Client } from "../client.ts";
import { publishRevocations } from "./identity.ts";

const org = createOrganisation("医院");
const authority = { certificate: org.ca, key: org.caKey };
const now = START + DAY;

const listOf = (number: number, revoked: { serial: string; date: number }[], by = org): Crl =>
  createCrl({ ca: by.ca, caKey: by.caKey, number, thisUpdate: START, nextUpdate: START + DAY, revoked });

/** A server that shows a list. @returns the list that was published */
const publish = async (shown: Uint8Array | null, serials: string[], known?: Crl): Promise<Crl> => {
  let sent = "";
  const organisations = {
    get: async () => ({ crl: shown && toBase64(shown) }),
    publishCrl: async (_: string, { crl }: { crl: string }) => {
      sent = crl;
    },
  };
  const more = serials.map((serial) => ({ serial }));
  await publishRevocations({ organisations } as object as Client, org.id, authority, more, now, known);
  return parseCrl(fromBase64(sent));
};

test("a list that the CA has not signed is refused", async () => {
  const stranger = createOrganisation("医院");
  const lost = { serial: "1d", date: Date.UTC(2090, 0, 1) };
  await assert.rejects(publish(listOf(7, [lost], stranger).der, ["1d"]), { code: "crl.issuer" });
  const { der } = listOf(7, []);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  await assert.rejects(publish(der, ["1d"]), { code: "crl.signature" });
});

test("nothing is taken back or put off, whichever list is shown", async () => {
  const known = listOf(8, [{ serial: "0a", date: START }]);
  for (const shown of [null, listOf(7, []).der, listOf(8, [{ serial: "0a", date: START }]).der]) {
    const { number, revoked } = await publish(shown, ["0b"], known);
    assert.equal(number, 9);
    assert.deepEqual(
      [...revoked.values()].map(({ serial, date }) => [serial, date]),
      [
        ["0a", START],
        ["0b", now],
      ],
    );
  }
  const late = await publish(listOf(9, [{ serial: "0b", date: Date.UTC(2040, 0, 1) }]).der, ["0b"], known);
  assert.deepEqual([late.number, late.revoked.get("0b")?.date, late.revoked.has("0a")], [10, now, true]);
  const again = await publish(late.der, ["0a"], late);
  assert.equal(again.revoked.get("0a")?.date, START);
  assert.equal((await publish(null, [])).number, 1);
});

test("a list of ten thousand is made and read", () => {
  const serials = Array.from({ length: 10_000 }, () => randomSerial());
  const revoked = serials.map((serial) => ({ serial, date: START, reason: "superseded" as const }));
  const list = createCrl({
    ca: org.ca,
    caKey: org.caKey,
    number: 1,
    thisUpdate: START,
    nextUpdate: now,
    revoked,
  });
  assert.equal(list.revoked.size, revoked.length);
  assert.equal(list.revoked.get(serials.at(-1) ?? "")?.reason, "superseded");
});
