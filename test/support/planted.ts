/**
 * A member who writes scripts into every text that others are shown, as far as the ledger takes it: each text has a
 * payload of its own, which calls `ran` with the name of the place if a browser should run it.
 */
import { utf8 } from "../../src/base/bytes.ts";
import { pack } from "../../src/enclave/archive.ts";
import {
  awaitKey,
  generateKey,
  grantSource,
  publishModel,
  registerSource,
  requestSignatures,
} from "../../src/sdk/workflows/index.ts";
import {
  addTable,
  addTask,
  ally,
  authorise,
  ended,
  join,
  type Member,
  newReceiverKey,
  prepareTable,
  type Site,
} from "./members.ts";

/** Turns the direction of what follows: forges other names where it is shown raw. */
export const TURNED = "\u202e";

const CLASSES = [
  (place: string) => `<img src=x onerror=ran('${place}')>`,
  (place: string) => `"><svg onload=ran('${place}')>`,
  (place: string) => `[a](javascript:ran('${place}'))`,
  (place: string) => `\${ran('${place}')}{{ran('${place}')}}`,
] as const;

export interface Planted {
  readonly site: Site;
  readonly hostile: Member;
  readonly fellow: Member;
  /** By the route that shows it, with `:id` for the id. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** What is to be read as text somewhere, by where it was written. */
  readonly texts: ReadonlyMap<string, string>;
  /** PEM of the key that the fellow's result and diagnostics are sealed to. */
  readonly key: string;
  readonly result: string;
}

const NODES = ["node-1", "node-2", "node-3"];
const ANY = { enclaves: "any" } as const;

export const plant = async (site: Site): Promise<Planted> => {
  const texts = new Map<string, string>();
  /** A payload of the next class. */
  const evil = (place: string): string => {
    const text = (CLASSES[texts.size % CLASSES.length] ?? CLASSES[0])(place);
    texts.set(place, text);
    return text;
  };
  const [hostile, fellow] = await Promise.all([join(site, "Mallory"), join(site, "Fellow")]);
  const alliance = await ally(site, [hostile, fellow], evil("alliance"));
  const asked = await hostile.client.alliances.create({
    ...{ network: "evidence", enclave: site.enclave.id },
    detail: { name: evil("asked"), description: evil("about") },
  });
  await hostile.client.alliances.invite(asked.resource.id, { member: fellow.id });

  const model = await plantModel(site, hostile, evil);
  const own = await addTable(site, fellow, { name: "ours", content: "number\n1\n" });
  const { id: waiting } = await addTask(hostile, {
    ...{ alliance, receiver: hostile.id, model: model.id, sources: [own.id], name: "Waiting" },
    ...{ description: evil("task"), parameters: { plus: `${evil("parameter")}${TURNED}` } },
  });
  await authorise(hostile, waiting, newReceiverKey().publicPem);

  const source = await plantSource(site, hostile, evil);
  const key = newReceiverKey();
  const echo = await plantEcho(site, fellow, texts.get("column") ?? "");
  const { id: done } = await addTask(fellow, {
    ...{ alliance, receiver: fellow.id, model: echo.id, sources: [source.id], name: "Done" },
  });
  for (const [member, pem] of [[fellow, key.publicPem], [hostile], [fellow]] as const)
    await authorise(member, done, pem);
  const { state } = await ended(fellow, done);
  if (state !== "succeeded") throw new Error(`the result was not made: ${state}`);
  await grantSource(hostile.client, source.id, {
    ...{ model: echo.id, member: fellow.id, receiver: fellow.id, table: "a", main: "main" },
    ...{ rows: 1, runs: 1, expires: new Date(Date.now() + 86_400_000).toISOString() },
  });

  const keys = await plantKeys(hostile, fellow, evil);
  const { items } = await fellow.client.events.list({ pageSize: 100 });
  const { items: entries } = await fellow.client.ledger.entries({ limit: 1_000 });
  return {
    ...{ site, hostile, fellow, texts, result: done, key: key.privatePem },
    places: {
      "/alliances/:id": [alliance, asked.resource.id],
      "/models/:id": [model.id, echo.id],
      "/sources/:id": [source.id],
      "/tasks/:id": [waiting, done],
      "/tasks/:id/authorise": [waiting],
      "/events/:id": items.map(({ id }) => id),
      "/ledger/:index": entries.slice(-3).map(({ index }) => String(index)),
      ...keys,
    },
  };
};

type Evil = (place: string) => string;

const plantModel = async ({ enclave }: Site, { id, client }: Member, evil: Evil) => {
  const manifest = {
    ...{ runner: "javascript", entry: "index.js" },
    tables: { a: { columns: { number: "f64" }, description: evil("manifest") } },
    result: { columns: { sum: "f64" }, maxRows: 1 },
    parameters: { plus: { type: "string", default: "" } },
  };
  const archive = await pack(
    new Map([
      ["entente.json", utf8(JSON.stringify(manifest))],
      [
        "index.js",
        utf8(`// ${evil("code")}\n// </pre></code>${TURNED}\nexport const main = async () => [{ sum: 1 }];\n`),
      ],
      [`${evil("file").replaceAll("/", "")}${TURNED}.js`, utf8("1;\n")],
    ]),
  );
  const description = [
    `# ${evil("heading")}`,
    `- ${evil("item")}`,
    `${evil("paragraph")} **${evil("bold")}** ${TURNED}`,
    `| ${evil("cell")} | b |\n|---|---|\n| 1 | 2 |`,
    `\`\`\`html\n${evil("block")}\n\`\`\``,
    `> ${evil("quoted")}`,
    "<script>ran('script')</script>",
    '![x](x"onerror="ran(1))',
  ].join("\n\n");
  const version = { version: "1.0.0", main: "main", archive, enclave, open: true, description };
  const name = evil("model");
  return (await publishModel(client, id, { ...version, name, permission: { kind: "public" } })).resource;
};

const plantSource = async (site: Site, member: Member, evil: Evil) => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = [evil("column"), evil("value"), `${TURNED}turned`, "=HYPERLINK(1)", "@SUM(A1)"];
  const prepared = await prepareTable(site, member, `${rows.map(quoted).join("\n")}\n`);
  const { resource } = await registerSource(member.client, prepared, {
    ...{ name: "theirs", description: evil("source"), permission: { kind: "public" } },
    descriptions: Object.fromEntries(prepared.columns.map(({ name }) => [name, evil("described") + TURNED])),
    metadata: evil("metadata"),
  });
  return resource;
};

/** Gives back what it reads, under the column's own name. */
const plantEcho = async ({ enclave }: Site, { id, client }: Member, column: string) => {
  const columns = { [column]: "utf8" };
  const manifest = {
    ...{ runner: "javascript", entry: "index.js", tables: { a: { columns } }, result: { columns, maxRows: 10 } },
    parameters: { plus: { type: "string", default: "" } },
  };
  const code = `const name = ${JSON.stringify(column)};
export async function main({ tables }) {
  const rows = [];
  for await (const batch of tables.a)
    for (let i = 0; i < batch.rows; i++) rows.push({ [name]: batch.column(name).get(i) });
  return rows;
}
`;
  const archive = await pack(
    new Map([
      ["entente.json", utf8(JSON.stringify(manifest))],
      ["index.js", utf8(code)],
    ]),
  );
  const version = { version: "1.0.0", main: "main", archive, enclave, open: true };
  return (await publishModel(client, id, { ...version, name: "Echo", permission: { kind: "public" } })).resource;
};

const plantKeys = async ({ id, client }: Member, fellow: Member, evil: Evil): Promise<Record<string, string[]>> => {
  const { items } = await client.keyNodes.list({ pageSize: 100 });
  const nodes = items.map(({ stream }) => stream).sort();
  const members = [id, fellow.id].sort();
  const policies = [{ id: "all", text: `// ${evil("policy")}\npermit(principal, action, resource);` }];
  const { resource: group } = await client.keyGroups.create({
    ...{ nodes, administrators: members, approvals: 1, requesters: members, approvers: members, policies },
    detail: { name: evil("group"), description: evil("vault") },
  });
  const { resource: key } = await generateKey(
    client,
    {
      ...{ group: group.id, scheme: "ECDSA_K1", threshold: 2, nodes: NODES, alias: "evil" },
      ...{ tags: { link: "javascript:ran" }, description: evil("key") },
    },
    ANY,
  );
  await awaitKey(client, key.id);
  const typed = {
    types: { EIP712Domain: [{ name: "name", type: "string" }], Mail: [{ name: "text", type: "string" }] },
    ...{ primaryType: "Mail", domain: { name: evil("domain") }, message: { text: `${evil("typed")}${TURNED}` } },
  };
  const messages = [
    { kind: "message" as const, hex: Buffer.from(`${evil("message")}${TURNED}`).toString("hex") },
    { kind: "typed-data" as const, json: JSON.stringify(typed) },
  ];
  const { resource: request } = await requestSignatures(client, { key: key.id, messages, note: evil("note") });
  return {
    "/keys/:id": [key.id],
    "/key-groups/:id": [group.id],
    "/key-requests/:id": [request.id],
  };
};
