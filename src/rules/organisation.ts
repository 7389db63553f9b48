/** An organisation: its certificate authority and what it has revoked. Its stream's id is the member's id. */
import { z } from "zod";
import { equal, fromBase64 } from "../base/bytes.ts";
import { iso } from "../base/clock.ts";
import { type Certificate, parseCertificate } from "../trust/x509/certificate.ts";
import { parseCrl } from "../trust/x509/crl.ts";
import { verifyCa, verifyCrl } from "../trust/x509/verify.ts";
import { refuse } from "./errors.ts";
import { kindsOf, type Rulebook } from "./rulebook.ts";
import { Der, Digest, der, Name, Salt } from "./shapes.ts";

export interface Organisation {
  readonly appId: string;
  readonly founded: number;
  readonly detail: string;
  /** Newest certificate of its CA (DER, base64). */
  readonly authority: string;
  /** Its newest certificate revocation list (DER, base64). */
  readonly crl: string | undefined;
}

const kind = kindsOf<Organisation>();

export const founded = kind({
  name: "organisation.founded",
  founds: true,
  by: "organisation",
  payload: z.strictObject({ appId: z.string().regex(/^\d{10}$/), authority: Der, detail: Digest }),
  detail: z.strictObject({ salt: Salt, nickname: Name }),
  apply: (_, { time, payload }) => {
    verifyCa({ ca: parseCertificate(fromBase64(payload.authority)), at: time });
    return {
      appId: payload.appId,
      founded: time,
      detail: payload.detail,
      authority: payload.authority,
      crl: undefined,
    };
  },
});

/** An organisation's stream is its own: nobody else speaks in it. */
const requireOwn = (stream: string, by: string): void => {
  if (stream !== by) throw refuse("owner.required", { id: stream });
};

export const crlPublished = kind({
  name: "organisation.crl-published",
  by: "organisation",
  payload: z.strictObject({ crl: der(262_144) }),
  // Whatever else is full, a stolen leaf can be revoked.
  reserve: 16 << 20,
  apply: (state, { stream, by, time, payload }) => {
    requireOwn(stream, by);
    const crl = parseCrl(fromBase64(payload.crl));
    verifyCrl({ crl, ca: parseCertificate(fromBase64(state.authority)), at: time });
    const before = state.crl && parseCrl(fromBase64(state.crl)).number;
    if ((crl.number ?? 0) <= (before || 0))
      throw refuse("crl.number", { number: crl.number ?? 0, before: before || 0 });
    return { ...state, crl: payload.crl };
  },
});

/**
 * The CA's certificate with a later end, for the same name and key: what it has issued stays issued. Signed by the CA
 * itself, so that no holder of a leaf makes one up or brings an old one back.
 */
export const authorityRenewed = kind({
  name: "organisation.authority-renewed",
  by: "organisation",
  payload: z.strictObject({ authority: Der }),
  apply: (state, { stream, by, time, payload }) => {
    requireOwn(stream, by);
    const before = parseCertificate(fromBase64(state.authority));
    const after = parseCertificate(fromBase64(payload.authority));
    if (!isSameAuthority(before, after)) throw refuse("authority.other");
    verifyCa({ ca: after, at: time });
    if (after.notAfter <= before.notAfter)
      throw refuse("authority.not-later", { notAfter: iso(after.notAfter), before: iso(before.notAfter) });
    return { ...state, authority: payload.authority };
  },
});

/** Whatever the one has issued and may revoke, so has and may the other. */
const isSameAuthority = (before: Certificate, after: Certificate): boolean =>
  equal(before.publicKey.spki, after.publicKey.spki) &&
  equal(before.subject.der, after.subject.der) &&
  before.subjectKeyId === after.subjectKeyId &&
  before.signsCrls === after.signsCrls;

export const organisation: Rulebook<Organisation> = {
  name: "organisation",
  initial: { appId: "", founded: 0, detail: "", authority: "", crl: undefined },
  kinds: [founded, crlPublished, authorityRenewed],
};
