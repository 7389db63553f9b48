/**
 * Plays the story of `npm run demo` beside the page: signs three sample organisations up, has the operator approve them
 * in the operator's own session, makes their keys here, and lets each act with its own. The server signs for nobody.
 */
import { generateKey, randomBytes } from "#crypto";
import diagnoses from "../../../examples/data/breast-cancer/diagnoses.csv?url";
import measurements from "../../../examples/data/breast-cancer/measurements.csv?url";
import manifest from "../../../examples/models/logistic-regression/entente.json?raw";
import code from "../../../examples/models/logistic-regression/index.js?raw";
import description from "../../../examples/models/logistic-regression/README.md?raw";
import { concat, toBase64url } from "../../base/bytes.ts";
import { Refusal } from "../../base/refusal.ts";
import { refuse } from "../../sample/errors.ts";
import { numberedNames, type Role, sampleNames } from "../../sample/names.ts";
import { type Party, readResult, type Step, tell } from "../../sample/story.ts";
import { createClient } from "../../sdk/client.ts";
import { csvHeader } from "../../sdk/workflows/csv-header.ts";
import { createAuthority, foundOrganisation, identityOf, issueLeaf, type Keyed } from "../../sdk/workflows/identity.ts";
import { prepareSource, sealSource } from "../../sdk/workflows/register-source.ts";
import { keyToPem, publicKeyToPem } from "../../trust/keys.ts";
import { toPem } from "../../trust/pem.ts";
import { keep } from "../identity/keeper.ts";
import { pack } from "./pack.ts";
import { type Begin, type Handed, HELD, type Loaded, type Told } from "./protocol.ts";

const post = (message: Told) => postMessage(message);
const TABLES: Readonly<Record<string, string>> = { "measurements.csv": measurements, "diagnoses.csv": diagnoses };

/** What was done stays done when the story goes on after a failure: keys and accounts are in this memory alone. */
const done = new Map<string, unknown>();
const once = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  if (!done.has(name)) done.set(name, await work());
  return done.get(name) as T;
};
const told = new Set<string>();
const step: Step = async (who, what, work) => {
  post({ now: { who, what } });
  const began = performance.now();
  const value = await work();
  const name = `${who} ${what.en}`;
  if (!told.has(name)) post({ step: { who, what, ms: performance.now() - began } });
  told.add(name);
  return value;
};

/** Whoever acts by an access key does so without the operator's cookie. */
const asNobody: typeof fetch = (input, init) => fetch(input, { ...init, credentials: "omit" });

interface SignedUp {
  readonly name: Role;
  readonly account: { readonly id: string; readonly appId: string; readonly nickname: string };
  readonly login: string;
  readonly password: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
}
interface Member extends Omit<Party, "name">, SignedUp {
  readonly authority: Keyed;
  readonly leaf: Keyed;
}

/** One consortium at a time, in whichever tab. The lock ends with this worker. @throws Refusal sample.elsewhere */
const hold = (): Promise<true> =>
  new Promise((resolve, reject) => {
    navigator.locks
      .request(HELD, { ifAvailable: true }, (lock) => {
        if (!lock) throw refuse("sample.elsewhere");
        resolve(true);
        return new Promise(() => undefined);
      })
      .catch(reject);
  });

const play = async ({ url, csrf, language, number }: Begin): Promise<Loaded> => {
  await once("held", hold);
  const office = createClient({ url, language, credentials: { session: { csrf } } });
  const { csv, task, enclave } = await tell<SignedUp, Member>({
    ...{ office, step, once, names: numberedNames(sampleNames[language], number) },
    model: await once("archive", async () => ({
      archive: await pack({ "entente.json": manifest, "index.js": code }),
      description,
    })),
    async signUp({ name, nickname, particulars }) {
      const login = number === 1 ? `sample-${name}` : `sample-${name}-${number}`;
      const made = await once(`account ${name}`, async () => {
        const password = toBase64url(randomBytes(12));
        const anybody = createClient({ url, language, fetch: asNobody });
        return { password, ...(await anybody.accounts.create({ nickname, login, password })) };
      });
      const { account, accessKey, password } = made;
      const credentials = { accessKeyId: accessKey.id, accessKeySecret: accessKey.secret };
      await createClient({ url, language, fetch: asNobody, credentials }).accounts.submitVerification(particulars);
      return { name, account, login, password, credentials };
    },
    async found(signedUp) {
      const { account, login, credentials } = signedUp;
      const { nickname, appId } = account;
      const now = Date.now();
      const authority = createAuthority(nickname, { now });
      const leaf = issueLeaf(authority, { commonName: login, organization: nickname }, { now });
      const reached = { url, language, fetch: asNobody, credentials };
      const founder = createClient({ ...reached, signer: identityOf(authority) });
      const { receipt } = await foundOrganisation(founder, authority.certificate, { nickname, appId });
      const identity = identityOf(leaf, receipt.stream);
      const client = createClient({ ...reached, signer: identity });
      return {
        ...signedUp,
        ...{ nickname, appId, authority, leaf, identity, client },
        member: receipt.stream,
      };
    },
    resultKey() {
      const key = generateKey("P-256");
      return { privatePem: keyToPem(key), publicPem: publicKeyToPem(key.publicKey) };
    },
    places: {
      async prepare(party, verified, file) {
        const answer = await fetch(TABLES[file] ?? "");
        if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
        const table = new Uint8Array(await answer.arrayBuffer());
        const about = { owner: party.member, enclave: verified, type: "csv" };
        const envelope = concat(...(await Array.fromAsync(sealSource([table], about))));
        return prepareSource(party.client, party.identity, envelope, { ...about, header: await csvHeader([table]) });
      },
    },
  });
  const members = [...done].flatMap(([name, value]) => (name.startsWith("found ") ? [value as Member] : []));
  const { privatePem } = done.get("result key") as { privatePem: string };
  return {
    organisations: await Promise.all(members.map(handed)),
    ...{ resultKey: privatePem, task, rows: readResult(csv) },
    hardware: enclave.hardware,
  };
};

const handed = async ({
  account,
  nickname,
  appId,
  login,
  password,
  authority,
  leaf,
  member,
}: Member): Promise<Handed> => ({
  ...{ nickname, appId, login, password },
  // A browser that keeps nothing is no reason to fail: the file holds the key too.
  kept: await keep(account.id, { authority, leaf }, member).then(
    () => true,
    () => false,
  ),
  keys: [authority, leaf].map(({ certificate, key }) => ({
    certificate: toPem("CERTIFICATE", certificate.der),
    key: keyToPem(key),
  })),
});

addEventListener("message", ({ data }: MessageEvent<Begin>) =>
  play(data).then(
    (loaded) => post({ done: loaded }),
    (error: unknown) => {
      const { code, status, details, message } =
        error instanceof Refusal
          ? error
          : new Refusal("console.failed", 0, {}, error instanceof Error ? error.message : String(error));
      post({ failed: { code, status, details, message } });
    },
  ),
);
