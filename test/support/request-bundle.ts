/** Evidence bundles of requests on a real ledger, whose key a test holds in one piece in the nodes' place. */
import { fromUtf8, toHex } from "../../src/base/bytes.ts";
import type { RequestBundle } from "../../src/evidence/bundle.ts";
import { exportBundle } from "../../src/evidence/export.ts";
import { whatIs } from "../../src/policy/what.ts";
import type { KeyMessage } from "../../src/rules/key-messages.ts";
import type { KeyScheme } from "../../src/rules/key-schemes.ts";
import { digestOf } from "../../src/trust/digest.ts";
import { openCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { openStage } from "./bundle.ts";
import { heldKeys } from "./held-keys.ts";
import { completedPayload, keyPayload, madePayload, requestPayload, type Vault, vault } from "./keys.ts";
import { createOrganisation, SALT } from "./principals.ts";
import { act, found } from "./stage.ts";

export interface RequestOptions {
  readonly scheme?: KeyScheme;
  readonly messages?: readonly KeyMessage[];
  /** What else the node says. @param size leaves of the ledger when it is said */
  readonly completed?: (size: number) => Record<string, unknown>;
  /** Members of the texts that the signatures are shown in. */
  readonly outcome?: Record<string, unknown>;
  /** The node has followed what came between, too. */
  readonly sees?: boolean;
  /** Acts between the approval and the completion; what the node says it has followed is as it was before them. */
  readonly between?: (ran: { all: Vault; key: string; id: string; stage: Stage }) => Promise<unknown>;
  readonly withoutTexts?: boolean;
}
type Stage = Awaited<ReturnType<typeof openStage>>["stage"];

const DIGEST: KeyMessage = { kind: "digest", hex: "d".repeat(64) };

/** A request made, approved by one, and completed by the first node; exported. */
export const requestToBundle = async ({
  scheme = "ECDSA_K1",
  messages = [DIGEST],
  ...options
}: RequestOptions = {}) => {
  const { ledger, stage, close } = await openStage();
  const texts = new Map<string, unknown>();
  const committed = (text: object): string => {
    const digest = digestOf(text);
    texts.set(digest, text);
    return digest;
  };
  const all = await vault(stage, ledger.verifierKey);
  await found(stage, createOrganisation("外人", { at: stage.clock.now() }));
  const { publicKey, sign } = heldKeys[scheme]();
  const point = toHex(publicKey);
  const detail = committed({ salt: SALT, alias: "treasury", tags: {}, description: "" });
  const key = await act(stage, all.requester, "key.founded", "", keyPayload(all, { scheme, detail }));
  const verifyingShares = { 1: point, 2: point, 3: point };
  for (const node of all.nodes.slice(0, 3))
    await act(stage, node, "key.made", key, madePayload(key, { publicKey: point, verifyingShares }));
  const asked = committed({ salt: SALT, messages, note: "工资" });
  const payload = requestPayload(stage, key, { count: messages.length, detail: asked });
  const id = await act(stage, all.requester, "key-request.founded", "", payload);
  await act(stage, all.approvers[0], "key-request.approved", id);
  const followed = () => openCheckpoint(ledger.checkpoint(), ledger.verifierKey);
  const before = followed();
  await options.between?.({ all, key, id, stage });
  const { size, root } = options.sees ? followed() : before;
  const signatures = messages.map((message, i) =>
    toHex(sign(whatIs({ scheme, publicKey }, message, i + 1).sign as Uint8Array<ArrayBuffer>)),
  );
  const outcome = committed({ salt: SALT, signatures, publicKey: point, ...options.outcome });
  const checkpoint = { size, root: toHex(root) };
  const completed = completedPayload({ version: all.group, checkpoint, detail: outcome, ...options.completed?.(size) });
  await act(stage, all.nodes[0], "key-request.completed", id, completed);
  await found(stage, createOrganisation("后来者", { at: stage.clock.now() }));
  const bytes = await exportBundle(ledger, id, async (digests) => {
    const shown = options.withoutTexts ? [] : digests.filter((digest) => texts.has(digest));
    return new Map(shown.map((digest) => [digest, texts.get(digest)]));
  });
  await close();
  return { all, key, id, signatures, bytes, bundle: JSON.parse(fromUtf8(bytes)) as RequestBundle };
};
