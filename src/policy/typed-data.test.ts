/** Oracles: ethers and viem hash the same typed data. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as ethers from "ethers";
import * as viem from "viem";
import { toHex } from "../base/bytes.ts";
import { Refusal } from "../base/refusal.ts";
import { decodeTypedData } from "./typed-data.ts";

type Fields = { name: string; type: string }[];
interface Typed {
  types: Record<string, Fields>;
  primaryType: string;
  domain: Record<string, unknown>;
  message: Record<string, unknown>;
}

const DOMAIN: Fields = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];
const CONTRACT = "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC";

/** The example of EIP-712. */
const mail = (): Typed => ({
  types: {
    EIP712Domain: structuredClone(DOMAIN),
    Person: [
      { name: "name", type: "string" },
      { name: "wallet", type: "address" },
    ],
    Mail: [
      { name: "from", type: "Person" },
      { name: "to", type: "Person" },
      { name: "contents", type: "string" },
    ],
  },
  primaryType: "Mail",
  domain: { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: CONTRACT },
  message: {
    from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
    to: { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    contents: "Hello, Bob!",
  },
});

const digestOf = (typed: Typed): string => `0x${toHex(decodeTypedData(JSON.stringify(typed)).digest)}`;

const byEthers = ({ types, domain, message }: Typed): string => {
  const { EIP712Domain: _, ...own } = types;
  return ethers.TypedDataEncoder.hash(domain, own, message);
};
const byViem = (typed: Typed): string => viem.hashTypedData(typed as unknown as viem.HashTypedDataParameters);

const refused = (reason: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === "policy.typed-data" && reason.test(String(error.details.reason));

test("the example of the standard: its published digest, and what a policy sees", () => {
  const typed = mail();
  assert.equal(digestOf(typed), "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
  const { primaryType, domain, fields } = decodeTypedData(JSON.stringify(typed));
  assert.equal(primaryType, "Mail");
  assert.deepEqual(domain, { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: CONTRACT.toLowerCase() });
  assert.deepEqual(fields, {
    "from.name": "Cow",
    "from.wallet": "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826",
    "to.name": "Bob",
    "to.wallet": `0x${"b".repeat(40)}`,
    contents: "Hello, Bob!",
  });
});

test("as clients send it: chainId as a number, in hexadecimal, as text; EIP712Domain said or not", () => {
  const expected = digestOf(mail());
  for (const chainId of [1, "0x1", "1", "0x01"]) {
    const typed = mail();
    typed.domain.chainId = chainId;
    assert.equal(digestOf(typed), expected);
    delete typed.types.EIP712Domain;
    assert.equal(digestOf(typed), expected);
  }
});

test("what ethers sends (TypedDataEncoder.getPayload) and what viem sends (serializeTypedData) hash as they hash it", () => {
  const { types, domain, primaryType, message } = mail();
  const { EIP712Domain: _, ...own } = types;
  const payload = ethers.TypedDataEncoder.getPayload(domain, own, message);
  assert.equal(digestOf(payload), byEthers(mail()));
  const text = viem.serializeTypedData({ types, domain, primaryType, message } as never);
  assert.equal(`0x${toHex(decodeTypedData(text).digest)}`, byViem(mail()));
});

/** Random types and values, the same at every run. */
const randomTyped = (seed: number): Typed => {
  let count = 0;
  const bytes = (length: number) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(length / 32) }, () => createHash("sha256").update(`${seed} ${count++}`).digest()),
    ).subarray(0, length);
  const below = (limit: number) => bytes(4).readUInt32BE() % limit;
  const hex = (length: number) => `0x${bytes(length).toString("hex")}`;
  const atom = (): [string, () => unknown] => {
    const bits = 8 * (1 + below(32));
    const size = 1 + below(32);
    const number = () => BigInt(hex(bits / 8)) >> BigInt(below(bits));
    const kinds: [string, () => unknown][] = [
      ["address", () => hex(20)],
      ["bool", () => below(2) === 1],
      ["string", () => ["", "hello", "签名 ✍ 𝒳", hex(40)][below(4)]],
      ["bytes", () => hex(below(70))],
      [`bytes${size}`, () => hex(size)],
      [`uint${bits}`, () => String(number())],
      [`int${bits}`, () => String(BigInt.asIntN(bits, number()))],
      ["uint32", () => below(1_000_000)],
    ];
    return kinds[below(kinds.length)] ?? ["bool", () => true];
  };
  const types: Record<string, Fields> = {};
  /** A struct's name, and a value of it. Later structs hold earlier ones. */
  const struct = (name: string, inner: [string, () => unknown][]): [string, () => unknown] => {
    const members = Array.from({ length: 1 + below(5) }, (): [string, () => unknown] => {
      const [type, value] = inner.length > 0 && below(3) === 0 ? (inner[below(inner.length)] ?? atom()) : atom();
      const dynamic = below(3);
      const of = (length: number) => () => Array.from({ length }, value);
      return dynamic === 0 ? [`${type}[]`, of(below(4))] : dynamic === 1 ? [`${type}[2]`, of(2)] : [type, value];
    });
    types[name] = members.map(([type], i) => ({ name: `field${i}`, type }));
    return [name, () => Object.fromEntries(members.map(([, value], i) => [`field${i}`, value()]))];
  };
  const first = struct("Beta", []);
  const second = struct("Alpha", [first]);
  const [, message] = struct("Main", [first, second]);
  const used = new Set(["Main"]);
  for (const name of used)
    for (const { type } of types[name] ?? []) if (types[type.replace(/\[.*/, "")]) used.add(type.replace(/\[.*/, ""));
  for (const name of Object.keys(types)) if (!used.has(name)) delete types[name];
  const domain = { name: "A", version: "2", chainId: 1 + below(99), verifyingContract: hex(20), salt: hex(32) };
  const left = Object.fromEntries(Object.entries(domain).filter(() => below(4) > 0));
  return { types, primaryType: "Main", domain: left, message: message() as Record<string, unknown> };
};

test("400 random types and values hash as in ethers and viem", () => {
  for (let seed = 0; seed < 400; seed++) {
    const typed = randomTyped(seed);
    assert.equal(digestOf(typed), byEthers(typed), `ethers on ${seed}`);
    assert.equal(digestOf(typed), byViem(typed), `viem on ${seed}`);
  }
});

const big = (value: unknown, type = "uint256"): Typed => ({
  types: { Order: [{ name: "amount", type }] },
  primaryType: "Order",
  domain: { name: "Shop" },
  message: { amount: value },
});

const WRONG: readonly [string, (typed: Typed) => unknown, RegExp][] = [
  [
    "a message with more than its type",
    (typed) => Object.assign(typed.message, { more: 1 }),
    /message\.more is not in/,
  ],
  ["a message with less", (typed) => delete typed.message.contents, /contents is missing/],
  ["a null struct", (typed) => Object.assign(typed.message, { from: null }), /from is not an object/],
  ["a number as text", (typed) => Object.assign(typed.message, { contents: 5 }), /contents is not a text/],
  [
    "a checksum that is wrong",
    (t) => Object.assign(t.message, { to: { name: "", wallet: CONTRACT.replace("Cc", "cC") } }),
    /checksum/,
  ],
  ["a lone surrogate", (typed) => Object.assign(typed.message, { contents: "\ud800" }), /not a text/],
  [
    "a primary type that is not there",
    (typed) => Object.assign(typed, { primaryType: "Letter" }),
    /Letter is not in types/,
  ],
  ["the domain as primary type", (typed) => Object.assign(typed, { primaryType: "EIP712Domain" }), /not in types/],
  ["a primary type every object has", (t) => Object.assign(t, { primaryType: "toString" }), /not in types/],
  ["another member beside", (typed) => Object.assign(typed, { chain: 5 }), /chain is not part/],
  ["a domain with more than its type", (typed) => Object.assign(typed.domain, { owner: "me" }), /owner/],
  ["a chain in the domain that the type leaves out", (t) => t.types.EIP712Domain?.splice(2, 1), /EIP712Domain/],
  ["a chain in the type that the domain leaves out", (t) => delete t.domain.chainId, /EIP712Domain/],
  ["another order of the domain", (typed) => typed.types.EIP712Domain?.reverse(), /EIP712Domain/],
  [
    "another type in the domain",
    (t) => Object.assign(t.types.EIP712Domain?.[2] ?? {}, { type: "string" }),
    /EIP712Domain/,
  ],
  [
    "a chain that is not a number",
    (typed) => Object.assign(typed.domain, { chainId: "" }),
    /chainId is not an integer/,
  ],
  ["a chain above 2^53", (typed) => Object.assign(typed.domain, { chainId: "9007199254740992" }), /2\^53/],
  ["a null in the domain", (typed) => Object.assign(typed.domain, { version: null }), /version is not a text/],
  ["a type that nobody has", (typed) => typed.types.Mail?.push({ name: "x", type: "Parcel" }), /no type/],
  ["uint without a size", (typed) => typed.types.Mail?.push({ name: "x", type: "uint" }), /no type/],
  ["uint of 12 bits", (typed) => typed.types.Mail?.push({ name: "x", type: "uint12" }), /no type/],
  ["bytes33", (typed) => typed.types.Mail?.push({ name: "x", type: "bytes33" }), /no type/],
  ["a type called like a basic one", (typed) => Object.assign(typed.types, { uint256: [] }), /not a name of a type/],
  ["a field twice", (typed) => typed.types.Mail?.push({ name: "contents", type: "string" }), /twice/],
  [
    "a field with more than name and type",
    (t) => Object.assign(t.types.Mail?.[0] ?? {}, { indexed: true }),
    /a name and a type/,
  ],
  ["a type name that closes a bracket", (typed) => Object.assign(typed.types, { "Mail(": [] }), /not a name/],
  ["a field called __proto__", (typed) => typed.types.Mail?.push({ name: "__proto__", type: "bool" }), /a word/],
  ["an array of a negative length", (typed) => typed.types.Mail?.push({ name: "x", type: "bool[-1]" }), /can be read/],
  ["the domain as a field", (typed) => typed.types.Mail?.push({ name: "x", type: "EIP712Domain" }), /no type/],
];

for (const [name, change, reason] of WRONG)
  test(`refused: ${name}`, () => {
    const typed = mail();
    change(typed);
    assert.throws(() => decodeTypedData(JSON.stringify(typed)), refused(reason));
  });

const VALUES: readonly [string, unknown][] = [
  ["uint256", 2 ** 53],
  ["uint256", 1.5],
  ["uint256", -1],
  ["uint256", "-1"],
  ["uint256", ""],
  ["uint256", " 1"],
  ["uint256", "1e3"],
  ["uint256", "0x"],
  ["uint256", true],
  ["uint256", null],
  ["uint256", String(2n ** 256n)],
  ["uint8", 256],
  ["int8", 128],
  ["int8", -129],
  ["bool", 1],
  ["bool", "true"],
  ["address", `0x${"0".repeat(39)}`],
  ["address", "vitalik.eth"],
  ["bytes4", "0x112233"],
  ["bytes4", "0x1122334455"],
  ["bytes", "0x123"],
  ["bytes", "1234"],
  ["uint8[2]", [1]],
  ["uint8[2]", [1, 2, 3]],
  ["uint8[]", 5],
  ["uint8[]", { 0: 1, length: 1 }],
];
for (const [type, value] of VALUES)
  test(`refused: ${JSON.stringify(value)} as ${type}`, () => {
    assert.throws(() => decodeTypedData(JSON.stringify(big(value, type))), refused(/amount/));
  });

test("the edges of integers are taken", () => {
  const edges: [string, unknown][] = [
    ["uint256", String(2n ** 256n - 1n)],
    ["uint256", Number.MAX_SAFE_INTEGER],
    ["int256", String(-(2n ** 255n))],
    ["int8", -128],
    ["uint8", "0xff"],
  ];
  for (const [type, value] of edges)
    assert.equal(
      digestOf(big(value, type)),
      byViem(big(typeof value === "number" ? value : BigInt(value as string), type)),
    );
});

test("refused: text that two readers could read in two ways, or that is too much", () => {
  const text = JSON.stringify(mail());
  const twice = text.replace('"contents":"Hello', '"contents":"Bye","contents":"Hello');
  const escaped = text.replace('"contents":"Hello', '"c\\u006fntents":"Bye","contents":"Hello');
  for (const one of [twice, escaped]) assert.throws(() => decodeTypedData(one), refused(/twice/));
  assert.throws(() => decodeTypedData(`${text} x`), refused(/not JSON/));
  assert.throws(() => decodeTypedData(JSON.stringify(text)), refused(/not an object/));
  assert.throws(() => decodeTypedData("[]"), refused(/not an object/));
  assert.throws(() => decodeTypedData(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`), refused(/deep/));
  assert.throws(() => decodeTypedData(" ".repeat(200_000)), refused(/longer/));
  const spaced = text.replaceAll(":", " \n:\t").replace("Hello, Bob!", 'a \\"quoted\\" : colon');
  assert.equal(decodeTypedData(spaced).fields.contents, 'a "quoted" : colon');
});
