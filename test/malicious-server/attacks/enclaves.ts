/** Another enclave in the place of the one that members chose. */
import { generateKey } from "#crypto";
import { toBase64 } from "../../../src/base/bytes.ts";
import { signFollowed } from "../../../src/rules/followed.ts";
import { requirePinned } from "../../../src/sdk/workflows/verify-enclave.ts";
import { judged } from "../../../src/trust/attestation/checks.ts";
import { attestTdx, rtmr3Of } from "../../../src/trust/attestation/tdx/index.ts";
import { parseStatement, signStatementWith } from "../../../src/trust/statement.ts";
import { COMPONENTS, createEnclave } from "../../support/principals.ts";
import { type MadeTdx, madeTdx, NOW } from "../../support/samples.ts";
import { found } from "../../support/stage.ts";
import { type AttackOn, attacksOn } from "../harness.ts";
import { type ClientStand, FOLLOWED, openClient } from "../stands/client.ts";
import { openRules, type RulesStand } from "../stands/rules.ts";

const spki = (kind: "P-256" | "X25519") => toBase64(generateKey(kind).publicKey.spki);

/** The enclave's founding statement with something changed, signed by a key of the server's that it names. */
const refounded = ({ ran }: ClientStand, over: Record<string, unknown>) => {
  const key = generateKey("P-256");
  const { statement } = parseStatement(ran.enclave.founding);
  const payload = { ...(statement.payload as object), signingKey: toBase64(key.publicKey.spki), ...over };
  const jws = signStatementWith({ ...statement, payload }, key);
  return { jws, id: parseStatement(jws).digest };
};

const onClients: AttackOn<ClientStand>[] = [
  {
    id: "A01",
    name: "Shows another enclave under the id of the one that was asked for",
    by: "client",
    codes: ["enclave.statement"],
    stage: (stand) => ({
      lies: [
        ["enclave.statement", () => stand.verify({ statement: createEnclave().founding })],
        ["enclave.statement", () => stand.verify({ statement: stand.stranger.founding }, stand.stranger.id)],
      ],
      truth: () => stand.verify(),
    }),
  },
  {
    id: "A02",
    name: "Puts keys of its own into an enclave's founding statement",
    by: "client",
    codes: ["enclave.statement", "attestation.refused"],
    stage: (stand) => {
      const { jws, id } = refounded(stand, { encryptionKey: spki("X25519") });
      return {
        lies: [
          ["enclave.statement", () => stand.verify({ statement: jws })],
          // Under an id of its own the keys still are not those of the evidence.
          ["attestation.refused", () => stand.verify({ statement: jws }, id)],
        ],
        truth: () => stand.verify(),
      };
    },
  },
  {
    id: "A03",
    name: "Replays a quote that was made over an older nonce",
    by: "client",
    codes: ["attestation.refused"],
    stage: (stand) => ({
      lies: ["", "AAAA"].map((nonce) => ["attestation.refused", () => stand.verify({ claims: { nonce } })] as const),
      truth: () => stand.verify(),
    }),
  },
  {
    id: "A04",
    name: "Relays the fresh evidence of another enclave, which has other keys",
    by: "client",
    codes: ["attestation.refused"],
    stage: (stand) => ({
      lies: [
        ["attestation.refused", () => stand.verify({ claims: { encryptionKey: spki("X25519") } })],
        ["attestation.refused", () => stand.verify({ claims: { signingKey: spki("P-256") } })],
        ["attestation.refused", () => stand.verify({ claims: { ledger: "another/ledger+00000000+AA" } })],
        ["attestation.refused", () => stand.verify({ claims: { isolation: "quickjs" } })],
      ],
      truth: () => stand.verify(),
    }),
  },
  {
    id: "A05",
    name: "Says for an enclave that it has followed the ledger further than it has",
    by: "client",
    codes: ["attestation.refused", "jws.signature"],
    stage: (stand) => {
      const { key } = stand.ran.enclave;
      const newer = { ...FOLLOWED, size: FOLLOWED.size + 1 };
      const old = signFollowed({ ...FOLLOWED, nonce: "of yesterday" }, key);
      return {
        lies: [
          ["attestation.refused", () => stand.verify({ followed: () => old }), /not for this nonce/],
          [
            "jws.signature",
            () => stand.verify({ followed: (nonce) => signFollowed({ ...newer, nonce }, generateKey("P-256")) }),
          ],
        ],
        truth: () => stand.verify({ followed: (nonce) => signFollowed({ ...newer, nonce }, key) }),
      };
    },
  },
  {
    id: "A06",
    name: "Vouches for the pinned program with an attestation that proves less",
    by: "client",
    codes: ["enclave.untrusted", "enclave.statement"],
    stage: (stand) => {
      const { measurement } = stand.state;
      const pinned = (provider: string) => ({ enclaves: [{ provider, measurement }] });
      return {
        lies: [
          ["enclave.untrusted", () => stand.verify({}, stand.ran.enclave.id, pinned("tdx"))],
          ["enclave.untrusted", () => stand.authorise(stand.shown(), { expected: pinned("tpm2") })],
          ["enclave.statement", () => stand.verify({ provider: "tdx" })],
        ],
        truth: () => stand.verify({}, stand.ran.enclave.id, pinned("simulated")),
      };
    },
  },
  {
    id: "A07",
    name: "Runs another program than the one that members pinned",
    by: "client",
    codes: ["enclave.untrusted", "enclave.statement"],
    stage: (stand) => {
      const other = { enclaves: [{ provider: "simulated", measurement: "ab".repeat(48) }] };
      const definition = stand.definition({ measurement: "ab".repeat(48) });
      return {
        lies: [
          ["enclave.untrusted", () => stand.verify({}, stand.ran.enclave.id, other)],
          ["enclave.untrusted", () => stand.authorise(stand.shown(), { expected: other })],
          // A task that says the program is the pinned one, on an enclave that is not.
          ["enclave.statement", () => stand.authorise(stand.shown({ definition }))],
        ],
        truth: () => stand.authorise(stand.shown()),
      };
    },
  },
  {
    id: "A08",
    name: "Starts the pinned program from another image of the machine",
    by: "client",
    codes: ["enclave.untrusted"],
    stage: (stand) => {
      const { measurement } = stand.state;
      const found = { provider: "tdx", measurement, platform: { mrtd: "7d".repeat(48), rtmr0: "a0".repeat(48) } };
      const pin = (platform: Record<string, string>) => [{ provider: "tdx", measurement, platform }];
      const simulated = { enclaves: [{ provider: "simulated", measurement, platform: { mrtd: "7d".repeat(48) } }] };
      return {
        lies: [
          ["enclave.untrusted", () => requirePinned(found, pin({ mrtd: "00".repeat(48) }))],
          ["enclave.untrusted", () => requirePinned(found, pin({ ...found.platform, rtmr0: "00".repeat(48) }))],
          ["enclave.untrusted", () => requirePinned(found, pin({ rtmr1: "a1".repeat(48) }))],
          ["enclave.untrusted", () => stand.verify({}, stand.ran.enclave.id, simulated)],
        ],
        truth: () => requirePinned(found, pin(found.platform)),
      };
    },
  },
  {
    id: "A09",
    name: "Lets a debugger into the machine, or quotes processors with known holes",
    by: "client",
    codes: ["attestation.refused"],
    stage: ({ state: { measurement } }) => {
      const reportData = "9e".repeat(64);
      const bound = { reportData, rtmr3: rtmr3Of(measurement) };
      const judge = (like: MadeTdx) => {
        const { evidence, roots } = madeTdx({ ...bound, ...like });
        return judged(() => attestTdx(JSON.stringify(evidence), { reportData, measurement, at: NOW }, roots));
      };
      const machines: [MadeTdx, RegExp][] = [
        [{ tdAttributes: "0100001000000000" }, /DEBUG/],
        [{ statuses: ["UpToDate", "OutOfDate", "UpToDate"] }, /OutOfDate/],
        [{ revoked: "pck" }, /revoked/],
        [{ rtmr3: rtmr3Of("00".repeat(48)) }, /RTMR3/],
        [{ reportData: "00".repeat(64) }, /not for these keys/],
      ];
      return {
        lies: machines.map(([like, because]) => ["attestation.refused", () => judge(like), because] as const),
        truth: () => judge({}),
      };
    },
  },
];

const onRules: AttackOn<RulesStand>[] = [
  {
    id: "A10",
    name: "Names components that do not give the measurement",
    by: "rules",
    codes: ["attestation.refused"],
    stage: ({ stage }) => {
      const at = stage.clock.now();
      const components = { ...COMPONENTS, program: "00".repeat(48) };
      return {
        lies: [
          ["attestation.refused", () => found(stage, createEnclave({ at, payload: { components } }))],
          ["attestation.refused", () => found(stage, createEnclave({ at, payload: { measurement: "00".repeat(48) } }))],
        ],
        truth: () => found(stage, createEnclave({ at, components })),
      };
    },
  },
  {
    id: "A11",
    name: "Vouches for its machine with certificates of its own making",
    by: "rules",
    codes: ["attestation.refused"],
    stage: ({ stage, enclave }) => {
      const reportData = "9e".repeat(64);
      const { evidence, roots } = madeTdx({ reportData, rtmr3: rtmr3Of(enclave.measurement) });
      const attestation = { provider: "tdx", evidence: JSON.stringify(evidence) };
      const at = stage.clock.now();
      const expected = { reportData, measurement: enclave.measurement, at: NOW };
      const vouched = (by: object) => () =>
        found(stage, createEnclave({ at, payload: { attestation: { ...attestation, ...by } } }));
      return {
        lies: [
          ["attestation.refused", vouched({}), /root that is not the maker's/],
          ["attestation.refused", vouched({ provider: "mine" }), /no verifier/],
        ],
        // Under a root that is trusted, the very same evidence holds.
        truth: () => judged(() => attestTdx(attestation.evidence, expected, roots)),
      };
    },
  },
];

export const enclaves = [...attacksOn(openClient, onClients), ...attacksOn(openRules, onRules)];
