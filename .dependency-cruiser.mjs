/** Who may import whom under src/. Tests are exempt; scripts/plant.test.ts shows that each rule fires. */

const TEST = "\\.test\\.ts$";

/** Packages that the enclave and the pure folders may stand on: what an auditor of the enclave has to trust. */
const TRUSTED_PACKAGES = [
  "aws4fetch",
  "mysql2",
  "pg",
  "@hpke/core",
  "@noble/[^/]+",
  "@peculiar/asn1-[^/]+",
  "hyparquet",
  "immutable",
  "quickjs-emscripten",
  "sm-crypto-v2",
  "tar-stream",
  "zod",
];

/** And the key node's, beyond what `tee`, `rules` and below stand on. The last two are native and optional. */
const KEY_NODE_PACKAGES = [
  "@cedar-policy/cedar-wasm",
  "@noble/[^/]+",
  "micro-eth-signer",
  "sm-crypto-v2",
  "zod",
  "secp256k1",
  "sodium-native",
];

/** Files of `src/<folder>` import, of src/, only their own folder and `allowed`; of `types` types only. */
const layer = (folder, allowed, types = []) => {
  const own = `^src/${folder}/`;
  const values = [own, ...allowed.map((path) => `^src/${path}`)];
  const all = [...values, ...types.map((path) => `^src/${path}`)];
  const rules = [
    {
      name: `${folder}-imports`,
      comment: `src/${folder} imports of src/ only itself${[...allowed, ...types].map((path) => `, ${path}`).join("")}`,
      severity: "error",
      from: { path: own, pathNot: TEST },
      to: { path: "^src/", pathNot: all },
    },
  ];
  if (types.length > 0)
    rules.push({
      name: `${folder}-imports-types`,
      comment: `src/${folder} imports only types of ${types.join(", ")}`,
      severity: "error",
      from: { path: own, pathNot: TEST },
      to: { path: types.map((path) => `^src/${path}`), dependencyTypesNot: ["type-only"] },
    });
  return rules;
};

export default {
  forbidden: [
    ...layer("base", []),
    ...layer("trust", ["base/"]),
    ...layer("rules", ["base/", "trust/"]),
    ...layer("mpc", ["base/"]),
    ...layer("policy", ["base/", "trust/", "rules/"]),
    ...layer("tee", ["base/", "trust/", "rules/"]),
    ...layer("keynode", ["base/", "trust/", "rules/", "mpc/", "policy/", "tee/"]),
    // What a message is that a key signed, and who its children are, is computed here as by every key node.
    ...layer("evidence", [
      "base/",
      "trust/",
      "rules/",
      "policy/what\\.ts$",
      "mpc/(curves/noble|keys/(derive|sharing))\\.ts$",
    ]),
    ...layer("contract", ["base/", "trust/", "rules/", "mpc/(curve|curves/noble|keys/(dealer|sharing))\\.ts$"]),
    ...layer("platform", ["base/", "trust/"], ["contract/"]),
    ...layer("ledger", ["base/", "trust/", "rules/"]),
    ...layer("spine", ["base/", "trust/", "rules/", "contract/", "platform/", "ledger/port\\.ts$"]),
    // Of the ledger and of programs in a TEE only what is spoken at their doors.
    ...layer("compute", [
      "base/",
      "trust/",
      "rules/",
      "evidence/",
      "contract/",
      "platform/",
      "ledger/port\\.ts$",
      "spine/",
      "enclave/protocol/",
      "tee/protocol/",
    ]),
    ...layer("keys", [
      "base/",
      "trust/",
      "rules/",
      "evidence/",
      "contract/",
      "platform/",
      "ledger/port\\.ts$",
      "spine/",
      "policy/",
      "mpc/",
      "keynode/protocol/",
      "tee/(protocol/|files\\.ts$)",
    ]),
    ...layer("enclave", ["base/", "trust/", "rules/", "tee/"]),
    ...layer("sdk", [
      "base/",
      "trust/",
      "rules/",
      "evidence/",
      "contract/",
      "policy/(what|ethereum)\\.ts$",
      // Whoever exports a key puts it together in a program of its own.
      "mpc/(curves/noble|key-share|keys/(derive|export|sharing))\\.ts$",
    ]),
    ...layer("cli", [
      "base/",
      "trust/",
      "rules/",
      "evidence/",
      "contract/",
      "sdk/",
      "sample/",
      // What people are shown before they approve is decoded on their machine, as every key node decodes it.
      "policy/(what|ethereum|typed-data)\\.ts$",
      "server/",
      "platform/config/",
      "keys/(greeting|lost-store|programs)\\.ts$",
      "keynode/protocol/configuration\\.ts$",
      "enclave/(archive|try|runners/manifest|protocol/refusals|databases/mysql/setup)\\.ts$",
      "compose\\.ts$",
    ]),
    // A page asks, signs and checks by what the SDK, the contract and the verifier are: it has no logic of its own.
    ...layer("sample", ["base/", "sdk/"]),
    ...layer("console", [
      ...["base/", "trust/", "rules/", "evidence/", "contract/", "sdk/", "sample/"],
      // Texts for database administrators.
      "enclave/databases/(mysql|postgresql)/setup\\.ts$",
    ]),
    {
      name: "console-served",
      comment: "the server has the console's bundle as files; nothing in src/ imports its sources",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/console/" },
      to: { path: "^src/console/" },
    },
    {
      name: "enclave-internals",
      comment:
        "outside src/enclave, only its protocol, the format of model archives and the door to try a model are known",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/enclave/", TEST] },
      to: {
        path: "^src/enclave/",
        pathNot: "^src/enclave/(protocol/|(archive|try|runners/manifest|databases/(mysql|postgresql)/setup)\\.ts$)",
      },
    },
    {
      name: "tee-internals",
      comment:
        "outside the programs that run in a TEE, only the protocol of src/tee is known, and how small files are made",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(tee|enclave|keynode)/", TEST] },
      to: { path: "^src/tee/", pathNot: "^src/tee/(protocol/|files\\.ts$)" },
    },
    {
      name: "never-whole",
      comment: "shares are put together by whoever exports a key, in a program of its own: by no node and no server",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(sdk|cli)/", TEST] },
      to: { path: "^src/mpc/keys/export\\.ts$" },
    },
    {
      name: "no-cycles",
      comment: "no module reaches itself",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-builtins",
      comment: "base, trust, rules, evidence, contract, sdk, sample and console run in browsers: no module of Node.js",
      severity: "error",
      from: {
        path: "^src/(base|trust|rules|evidence|contract|sdk|sample|console)/",
        pathNot: ["^src/trust/crypto/node\\.ts$", TEST],
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "trusted-packages",
      comment: "the enclave and what it stands on use only the packages listed at the top of this file",
      severity: "error",
      from: { path: "^src/(enclave|tee|base|trust|rules)/", pathNot: TEST },
      to: { path: "node_modules/", pathNot: `node_modules/(${TRUSTED_PACKAGES.join("|")})/` },
    },
    {
      name: "key-node-packages",
      comment: "the key node, its protocols and policies use only the packages listed at the top of this file",
      severity: "error",
      from: { path: "^src/(keynode|mpc|policy)/", pathNot: TEST },
      to: { path: "node_modules/", pathNot: `node_modules/(${KEY_NODE_PACKAGES.join("|")})/` },
    },
    {
      name: "fastify-in-server",
      comment: "HTTP is the server's business",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/server/", TEST] },
      to: { path: "node_modules/@?fastify/" },
    },
    {
      name: "not-resolvable",
      comment: "what is imported exists",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
    {
      name: "no-dev-packages",
      comment: "the product runs without the packages of devDependencies",
      severity: "error",
      from: { path: "^src/", pathNot: TEST },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "node_modules/@types/" },
    },
    {
      name: "no-tests",
      comment:
        "src/ stands on nothing that is there for tests, scripts or benches; it may bundle the enclave and the console, and install what the demo needs",
      severity: "error",
      from: { path: "^src/", pathNot: TEST },
      to: { path: ["^(test|bench|drill)/", "^scripts/(?!(bundle|components|console)\\.ts$)", TEST] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["node", "import", "types", "default"],
    },
  },
};
