/**
 * Members as this profile knows them. Whoever is met is verified and remembered with its CA; another CA under the same
 * nickname and APPID is refused from then on (trust on first use).
 */
import { type FoundMember, findMember } from "../sdk/workflows/find-member.ts";
import { parseCertificate } from "../trust/x509/certificate.ts";
import type { Context } from "./context.ts";
import { refuse } from "./errors.ts";
import { text } from "./text.ts";

export interface Named {
  readonly nickname: string;
  readonly appId: string;
}

const FIRST = text(
  "Met for the first time: {name}, CA {fingerprint}. It is trusted from now on; compare the fingerprint over another channel (`entente identity show` there).",
  "首次遇到：{name}，CA 指纹 {fingerprint}。此后将信任该指纹；请通过其他途径核对（对方执行 `entente identity show`）。",
);

const nameOf = ({ nickname, appId }: Named): string => `${nickname} (${appId})`;

/** Enough of a fingerprint to recognise it by. */
const short = (fingerprint: string): string => fingerprint.slice(0, 16).match(/.{4}/g)?.join(" ") ?? "";

/** Verified, the same as before where it was met before, and remembered. @throws Refusal as `findMember` */
export const meetMember = async (context: Context, { nickname, appId }: Named): Promise<FoundMember> => {
  const name = `${nickname}/${appId}`;
  const expected = context.settings().members[name];
  const found = await findMember(context.client(), { nickname, appId }, expected);
  if (expected !== undefined) return found;
  context.remember({ members: { ...context.settings().members, [name]: found.fingerprint } });
  context.note(FIRST, { name: nameOf(found), fingerprint: short(found.fingerprint) });
  return found;
};

/**
 * The member that the platform shows under this stream id, in words: `Hospital (1300000001), CA 5ee3 abc0 …`.
 * @throws Refusal member.other where its own statement has another id, and as `findMember`
 */
export const recognise = async (context: Context, shown: Named & { readonly id: string }): Promise<string> => {
  const { organisation } = context.settings();
  if (shown.id === organisation?.id) {
    const authority = context.profile.read("authority");
    const own = authority === undefined ? "" : `, CA ${short(parseCertificate(authority).fingerprint)}`;
    return nameOf(organisation) + own;
  }
  const { member, fingerprint } = await meetMember(context, shown);
  if (member !== shown.id) throw refuse("member.other", { name: nameOf(shown), found: shown.id, member });
  return `${nameOf(shown)}, CA ${short(fingerprint)}`;
};

/**
 * A member that was named by its nickname or its APPID alone is not somebody else than the one known by it.
 * @throws Refusal member.several
 */
export const requireNoOther = (context: Context, name: string, { nickname, appId }: Named): void => {
  const known = Object.keys(context.settings().members).filter((each) => {
    const at = each.lastIndexOf("/");
    return [each.slice(0, at), each.slice(at + 1)].includes(name);
  });
  if (known.length > 0 && !known.includes(`${nickname}/${appId}`))
    throw refuse("member.several", { name: nameOf({ nickname, appId }), known: known.join(", ") });
};
