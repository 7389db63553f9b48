/** An organisation's own certificate authority: made and kept in the profile. */
import { generateKey } from "#crypto";
import { fromBase64 } from "../../base/bytes.ts";
import { iso } from "../../base/clock.ts";
import {
  acceptCsr,
  createAuthority,
  foundOrganisation,
  identityOf,
  issueLeaf,
  publishRevocations,
  type Revoked,
  renewAuthority,
} from "../../sdk/workflows/identity.ts";
import type { PrivateKey, SigningKind } from "../../trust/crypto/crypto.ts";
import { keyFromPem, keyToPem, SIGNING_KINDS, thumbprint } from "../../trust/keys.ts";
import { type Certificate, certificateToPem, parseCertificate } from "../../trust/x509/certificate.ts";
import { type Crl, crlToPem, parseCrl, REVOCATION_REASONS, type RevocationReason } from "../../trust/x509/crl.ts";
import { createCsr } from "../../trust/x509/csr.ts";
import { verifyCrl } from "../../trust/x509/verify.ts";
import type { Command, Flag } from "../command.ts";
import type { Context } from "../context.ts";
import { refuse } from "../errors.ts";
import { readText, writeTo } from "../files.ts";
import { argOf, type Given, isSet, textOf } from "../given.ts";
import type { ProfileFile } from "../profile.ts";
import { text } from "../text.ts";

const KIND: Flag = {
  name: "type",
  type: "text",
  choices: SIGNING_KINDS,
  default: "P-256",
  summary: text("kind of key", "密钥类型"),
};
const NAME: Flag = {
  name: "common-name",
  type: "text",
  value: "NAME",
  summary: text("whom the certificate is for; the login", "证书持有人，默认为登录名"),
};
const OUT: Flag = { name: "out", type: "text", value: "FILE", required: true };

const kindOf = (given: Given) => textOf(given, "type") as SigningKind | undefined;

const saveKey = ({ profile, passphrase }: Context, file: ProfileFile, key: PrivateKey) =>
  profile.write(file, keyToPem(key, passphrase()));

const summaryOf = ({ subject, serial, notAfter, fingerprint, publicKey }: Certificate) => ({
  subject: subject.text,
  keyType: publicKey.kind,
  serial,
  notAfter: iso(notAfter),
  fingerprint,
});

/** The profile's CA, made now where there is none: a founding that was refused is tried again with the same. */
const authorityFor = (context: Context, nickname: string, given: Given) => {
  const { profile } = context;
  if (profile.read("authority") !== undefined) return context.authority();
  const authority = createAuthority(nickname, { kind: kindOf(given), now: Date.now() });
  saveKey(context, "authorityKey", authority.key);
  profile.write("authority", certificateToPem(authority.certificate));
  return authority;
};

/** A fresh leaf of the CA, kept as what signs from now on. */
const renewLeaf = (context: Context, subject: { commonName: string; organization: string }, given: Given) => {
  const leaf = issueLeaf(context.authority(), subject, { kind: kindOf(given), now: Date.now() });
  saveKey(context, "key", leaf.key);
  context.profile.write("certificate", certificateToPem(leaf.certificate));
  return leaf;
};

/** @throws Refusal identity.none */
const requireOrganisation = ({ settings }: Context) => {
  const { organisation } = settings();
  if (!organisation) throw refuse("identity.none");
  return organisation;
};

const create: Command = {
  words: ["identity", "create"],
  summary: text(
    "Make your certificate authority and key here, and put the authority on the ledger",
    "在本机生成证书颁发机构与密钥，并登记到账本",
  ),
  args: [],
  flags: [
    KIND,
    NAME,
    {
      name: "managed",
      type: "boolean",
      summary: text(
        "keep no key yourself: the platform keeps it, and you trust its operator with it; or a key group signs for you",
        "不自行保管密钥：由平台保管，您需要信任平台运营方；或由密钥群组为您签名",
      ),
    },
    {
      name: "key-group",
      type: "text",
      value: "ID",
      summary: text(
        "with --managed: whose key nodes sign for you, where the platform names no group or you want another",
        "与 --managed 一起使用：由该群组的密钥节点为您签名（平台未指定群组或您另有选择时）",
      ),
    },
  ],
  async run(context, given) {
    const { account, user } = await context.client().accounts.me();
    const { organisation: founded } = context.settings();
    if (founded) throw refuse("identity.exists", { nickname: founded.nickname });
    if (!account) throw refuse("identity.none");
    const { nickname, appId } = account;
    if (isSet(given, "managed")) {
      const managed = await context.client().organisations.manage({ keyGroup: textOf(given, "key-group") });
      context.remember({ organisation: { id: managed.organisation.id, nickname, appId } });
      return managed;
    }
    const authority = authorityFor(context, nickname, given);
    const commonName = textOf(given, "common-name") ?? user.login;
    if (!context.leaf()) renewLeaf(context, { commonName, organization: nickname }, given);
    const client = context.client({ signer: identityOf(authority) });
    const { receipt } = await foundOrganisation(client, authority.certificate, { nickname, appId });
    context.remember({ organisation: { id: receipt.stream, nickname, appId } });
    return { id: receipt.stream, nickname, appId, fingerprint: authority.certificate.fingerprint, receipt };
  },
};

const showIdentity: Command = {
  words: ["identity", "show"],
  summary: text(
    "Show your organisation, its authority and the certificate you sign with",
    "查看机构、颁发机构与签名证书",
  ),
  args: [],
  flags: [],
  async run(context) {
    const organisation = requireOrganisation(context);
    const authority = context.profile.read("authority");
    const certificate = context.profile.read("certificate");
    return {
      ...organisation,
      authority: authority === undefined ? null : summaryOf(parseCertificate(authority)),
      certificate: certificate === undefined ? null : summaryOf(parseCertificate(certificate)),
    };
  },
};

const renew: Command = {
  words: ["identity", "renew"],
  summary: text(
    "Issue yourself a new key and certificate, or renew the authority's",
    "签发新的密钥与证书，或更新颁发机构证书",
  ),
  args: [],
  flags: [
    KIND,
    NAME,
    {
      name: "authority",
      type: "boolean",
      summary: text("the authority's certificate instead: same key, later end", "更新颁发机构证书：密钥不变，期限延后"),
    },
  ],
  async run(context, given) {
    const { id, nickname } = requireOrganisation(context);
    if (isSet(given, "authority")) {
      const renewed = await renewAuthority(context.client(), id, context.authority(), Date.now());
      context.profile.write("authority", certificateToPem(renewed));
      return summaryOf(renewed);
    }
    const before = context.profile.read("certificate");
    const known = before === undefined ? undefined : parseCertificate(before).subject.commonName;
    const commonName = textOf(given, "common-name") ?? known ?? nickname;
    return summaryOf(renewLeaf(context, { commonName, organization: nickname }, given).certificate);
  },
};

const csr: Command = {
  words: ["identity", "csr"],
  summary: text("Make a key here and a certificate request for it", "在本机生成密钥及其证书请求"),
  args: [],
  flags: [KIND, { ...NAME, required: true }, { name: "organization", type: "text", value: "NAME" }, OUT],
  async run(context, given) {
    const key = generateKey(kindOf(given) ?? "P-256");
    const [commonName = "", organization] = [textOf(given, "common-name"), textOf(given, "organization")];
    const path = textOf(given, "out") ?? "";
    writeTo(path, createCsr({ key, subject: { commonName, ...(organization !== undefined && { organization }) } }));
    saveKey(context, "requestKey", key);
    return { file: path, key: context.profile.path("requestKey") };
  },
};

const issueCommand: Command = {
  words: ["identity", "issue"],
  summary: text("Accept a certificate request with your authority", "用颁发机构签发证书请求"),
  args: [{ name: "csr" }],
  flags: [OUT],
  async run(context, given) {
    const certificate = acceptCsr(context.authority(), readText(argOf(given, "csr")), Date.now());
    const path = textOf(given, "out") ?? "";
    writeTo(path, certificateToPem(certificate));
    return { file: path, ...summaryOf(certificate) };
  },
};

const install: Command = {
  words: ["identity", "install"],
  summary: text("Sign with a certificate that was issued to your request", "使用按您的请求签发的证书进行签名"),
  args: [{ name: "certificate" }],
  flags: [
    {
      name: "key",
      type: "text",
      value: "FILE",
      summary: text("its private key; the one of `identity csr`", "对应私钥，默认为 `identity csr` 生成的私钥"),
    },
  ],
  async run(context, given) {
    const certificate = parseCertificate(readText(argOf(given, "certificate")));
    const path = textOf(given, "key") ?? context.profile.path("requestKey");
    const words = context.passphrase();
    const key = keyFromPem(readText(path), words === undefined ? {} : { passphrase: words });
    if (thumbprint(key.publicKey) !== thumbprint(certificate.publicKey)) throw refuse("identity.certificate", { path });
    saveKey(context, "key", key);
    context.profile.write("certificate", certificateToPem(certificate));
    const { account } = await context.client().accounts.me();
    if (account?.member)
      context.remember({
        organisation: { id: account.member, nickname: account.nickname, appId: account.appId },
      });
    return summaryOf(certificate);
  },
};

/** A serial number, or the file of the certificate that has it. */
const serialOf = (given: string): string =>
  /^[0-9a-f]{2,40}$/i.test(given) ? given.toLowerCase() : parseCertificate(readText(given)).serial;

const ownList = ({ profile }: Context): Crl | undefined => {
  const pem = profile.read("crl");
  return pem === undefined ? undefined : parseCrl(pem);
};

/** Published on top of the list that was published last from here; and kept, so that no older one passes for it. */
const publish = async (context: Context, more: readonly Revoked[]): Promise<Crl> => {
  const { id } = requireOrganisation(context);
  const known = ownList(context);
  const list = await publishRevocations(context.client(), id, context.authority(), more, Date.now(), known);
  context.profile.write("crl", crlToPem(list));
  return list;
};

/** The list that the platform shows; undefined where it has none. @throws Refusal crl.*, identity.crl */
const shownList = async (context: Context): Promise<Crl | undefined> => {
  const { id } = requireOrganisation(context);
  const { crl: shown } = await context.client().organisations.get({ id });
  const list = shown === null ? undefined : parseCrl(fromBase64(shown));
  const authority = context.profile.read("authority");
  if (list && authority !== undefined) verifyCrl({ crl: list, ca: parseCertificate(authority) });
  const [number, known] = [list?.number ?? 0, ownList(context)?.number ?? 0];
  if (number < known) throw refuse("identity.crl", { number, known });
  return list;
};

const revoke: Command = {
  words: ["identity", "revoke"],
  summary: text("Revoke a certificate by its serial number or file", "按序列号或证书文件吊销证书"),
  args: [{ name: "certificate" }],
  flags: [{ name: "reason", type: "text", choices: REVOCATION_REASONS, default: "unspecified" }],
  async run(context, given) {
    const serial = serialOf(argOf(given, "certificate"));
    const reason = textOf(given, "reason") as RevocationReason | undefined;
    const list = await publish(context, [{ serial, reason }]);
    return { serial, number: list.number, revoked: list.revoked.size };
  },
};

const crl: Command = {
  words: ["identity", "crl"],
  summary: text("Show your published revocation list, save it, or publish it anew", "查看、保存或重新发布吊销列表"),
  args: [],
  flags: [
    { name: "out", type: "text", value: "FILE" },
    { name: "publish", type: "boolean", summary: text("publish the same with a later end", "以新的期限重新发布") },
  ],
  async run(context, given) {
    if (isSet(given, "publish")) await publish(context, []);
    const list = await shownList(context);
    if (!list) return { number: 0, items: [] };
    const path = textOf(given, "out");
    if (path !== undefined) writeTo(path, crlToPem(list));
    const items = [...list.revoked.values()].map(({ serial, date, reason = "unspecified" }) => ({
      serial,
      date: iso(date),
      reason,
    }));
    return { number: list.number, ...(path !== undefined && { file: path }), items };
  },
};

export const identityCommands: readonly Command[] = [
  create,
  showIdentity,
  renew,
  csr,
  issueCommand,
  install,
  revoke,
  crl,
];
