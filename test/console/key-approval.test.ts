/** An approver's browser signs what its page shows, and the page shows what the requester signed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { createClient } from "../../src/sdk/client.ts";
import { awaitKey, generateKey, requestSignatures } from "../../src/sdk/workflows/index.ts";
import { keyToPem } from "../../src/trust/keys.ts";
import { toPem } from "../../src/trust/pem.ts";
import { noBrowser, open, openConsole, PASSPHRASE, type Person, signIn } from "../support/browser.ts";
import type { TestPlatform } from "../support/in-process.ts";
import { join, type Member } from "../support/members.ts";

const NODES = ["node-1", "node-2", "node-3"];
const POLICIES = [
  { id: "make", text: 'permit(principal, action == Action::"createKey", resource);' },
  { id: "one", text: 'permit(principal, action == Action::"sign", resource) when { context.approvals >= 1 };' },
];

/** A member of the SDK opens its key in a browser. */
const openIn = async (person: Person, { account, authority, leaf }: Member): Promise<void> => {
  const { page, t } = person;
  await open(person, "/");
  await signIn(person, account.login, account.password);
  await open(person, "/identity");
  const pem = [authority, leaf].map(
    ({ certificate, key }) => toPem("CERTIFICATE", certificate.der) + keyToPem(key, PASSPHRASE),
  );
  const file = { name: "backup.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(pem.join("")) };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByLabel(t("Passphrase", "口令"), { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: t("Open", "打开"), exact: true }).click();
  await page.getByText(t("Identity on the ledger", "账本上的身份")).waitFor();
};

test("what is approved is what is shown; where the server shows otherwise, nothing is", {
  skip: noBrowser,
}, async (t) => {
  const console = await openConsole(t, { "key-nodes": "3" });
  const { url, admin } = console.platform;
  const platform = {
    ...{ url, anyone: createClient({ url }), clock: { now: Date.now } },
    office: createClient({ url, ...(admin && { credentials: admin }) }),
  } as unknown as TestPlatform;
  const [treasury, risk] = await Promise.all([join(platform, "Treasury"), join(platform, "Risk")]);
  const { client } = treasury;
  const nodes = (await client.keyNodes.list({})).items.map(({ stream }) => stream).sort();
  const { resource: group } = await client.keyGroups.create({
    ...{ nodes, administrators: [treasury.id], approvals: 1, requesters: [treasury.id], approvers: [risk.id] },
    ...{ policies: POLICIES, detail: { name: "vault", description: "" } },
  });
  const wanted = { group: group.id, scheme: "EDDSA_ED25519", threshold: 2, nodes: NODES } as const;
  const { resource: made } = await generateKey(client, wanted, { enclaves: "any" });
  const key = await awaitKey(client, made.id);
  // Read from right to left it would be another amount.
  const messages = [{ kind: "message", hex: toHex(utf8("pay \u202e00001\u202c to Li")) } as const];
  const { resource: request } = await requestSignatures(client, { key: key.stream, messages });

  const person = await console.person();
  await openIn(person, risk);
  const { page } = person;
  const approve = page.getByRole("button", { name: "Approve and sign" });
  const lies = [
    { path: [7] },
    { action: "export" },
    { messages: [] },
    { note: "salaries" },
    { key: { ...request.key, stream: group.stream } },
  ];
  for (const lie of lies) {
    await page.route(`**/v1/key-requests/${request.id}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), ...lie } });
    });
    await open(person, `/key-requests/${request.id}`);
    await page.getByText("request.shown-otherwise").waitFor();
    assert.ok(await approve.isDisabled(), JSON.stringify(lie));
    await page.unrouteAll({ behavior: "wait" });
  }
  await open(person, `/key-requests/${request.id}`);
  await page.getByText("pay \\u{202e}00001\\u{202c} to Li").waitFor();
  await approve.click();
  await page.getByText("Under the public key").waitFor();
});
