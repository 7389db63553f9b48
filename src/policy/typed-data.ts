/**
 * EIP-712 typed data as eth_signTypedData_v4 is given it, read strictly: nothing in it that is not signed, nothing that
 * two libraries would hash in two ways. Its digest is keccak256(0x19 01 ‖ domainSeparator ‖ hashStruct(message)).
 */
import { type Bytes, concat, fromHex, toHex, utf8 } from "../base/bytes.ts";
import { refuse } from "./errors.ts";
import { fromPrefixed, isAddress, keccak } from "./ethereum.ts";
import { parseUnique } from "./json.ts";

export interface TypedData {
  readonly primaryType: string;
  readonly domain: {
    readonly name?: string;
    readonly version?: string;
    readonly chainId?: number;
    /** Lower case. */
    readonly verifyingContract?: string;
    /** "0x" and lower case. */
    readonly salt?: string;
  };
  /**
   * What the message says outside arrays, by path ("order.maker"): numbers in decimal, addresses and bytes in lower case,
   * `true` and `false`.
   */
  readonly fields: Readonly<Record<string, string>>;
  /** What is signed, 32 bytes. */
  readonly digest: Bytes;
}

type Field = { readonly name: string; readonly type: string };
type Types = ReadonlyMap<string, readonly Field[]>;

/** Of the JSON text, in UTF-16 units. */
const MAX_LENGTH = 131_072;
const MAX_DEPTH = 32;
const IDENTIFIER = /^(?!__proto__$)[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;
/** No struct may be called so, and `int` and `uint` alone are no types of EIP-712. */
const RESERVED = /^(u?int\d*|bytes\d*|address|bool|string)$/;
/** EIP-712, definition of domainSeparator: these, in this order, those that are not used left out. */
const DOMAIN: readonly Field[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
];

const no = (reason: string) => refuse("policy.typed-data", { reason });

/** @throws Refusal policy.typed-data */
export const decodeTypedData = (json: string): TypedData => {
  if (json.length > MAX_LENGTH) throw no(`it is longer than ${MAX_LENGTH} characters`);
  const { types: given, primaryType, domain, message } = topOf(json);
  if (typeof primaryType !== "string") throw no("primaryType is not a text");
  const types = typesOf(given, domain);
  if (primaryType === "EIP712Domain" || !types.has(primaryType)) throw no(`primaryType ${primaryType} is not in types`);
  const hashes: Hashes = { types, typeHashes: new Map() };
  const said: Record<string, string> = {};
  const about: Record<string, string> = {};
  const separator = hashStruct(hashes, "EIP712Domain", domain, { path: "domain", into: about, under: "" });
  const struct = hashStruct(hashes, primaryType, message, { path: "message", into: said, under: "" });
  return {
    primaryType,
    domain: domainOf(about),
    fields: said,
    digest: keccak(concat(Uint8Array.of(0x19, 1), separator, struct)),
  };
};

const record = (value: unknown, name: string): Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw no(`${name} is not an object`);
  return value as Record<string, unknown>;
};

const topOf = (json: string) => {
  const top = record(parseUnique(json, no), "it");
  for (const name of Object.keys(top))
    if (!["types", "primaryType", "domain", "message"].includes(name)) throw no(`${name} is not part of typed data`);
  return { ...top, domain: record(top.domain, "domain") } as Record<"types" | "primaryType" | "message", unknown> & {
    domain: Record<string, unknown>;
  };
};

const domainOf = ({ chainId, ...texts }: Record<string, string>): TypedData["domain"] => {
  if (chainId === undefined) return texts;
  if (BigInt(chainId) > BigInt(Number.MAX_SAFE_INTEGER)) throw no("domain.chainId is above 2^53 - 1");
  return { ...texts, chainId: Number(chainId) };
};

/** The message's types and EIP712Domain: what the domain names, whether or not `types` says so too. */
const typesOf = (given: unknown, domain: Record<string, unknown>): Types => {
  const types = new Map<string, readonly Field[]>();
  for (const [name, fields] of Object.entries(record(given, "types"))) {
    if (!IDENTIFIER.test(name) || RESERVED.test(name)) throw no(`${name} is not a name of a type`);
    if (!Array.isArray(fields)) throw no(`types.${name} is not a list`);
    types.set(
      name,
      fields.map((field) => fieldOf(name, field)),
    );
    if (new Set(types.get(name)?.map((field) => field.name)).size !== fields.length)
      throw no(`types.${name} has a field twice`);
  }
  const used = DOMAIN.filter(({ name }) => Object.hasOwn(domain, name));
  const said = types.get("EIP712Domain") ?? used;
  if (JSON.stringify(said) !== JSON.stringify(used))
    throw no("types.EIP712Domain is not the standard's for the fields of domain, in the standard's order");
  types.set("EIP712Domain", used);
  for (const [name, fields] of types)
    for (const { type } of fields)
      if (!isAtomic(baseOf(type)) && (!types.has(baseOf(type)) || baseOf(type) === "EIP712Domain"))
        throw no(`types.${name} names ${type}, which is no type`);
  return types;
};

const fieldOf = (owner: string, value: unknown): Field => {
  const { name, type, ...more } = record(value, `a field of types.${owner}`);
  if (typeof name !== "string" || typeof type !== "string" || Object.keys(more).length > 0)
    throw no(`a field of types.${owner} is not a name and a type`);
  if (!IDENTIFIER.test(name)) throw no(`types.${owner} has a field that is not named by a word`);
  if (!/^[^[\]]+(\[([1-9]\d{0,5})?\])*$/.test(type)) throw no(`types.${owner}.${name} has no type that can be read`);
  return { name, type };
};

const baseOf = (type: string): string => type.replace(/\[.*$/, "");

const isAtomic = (type: string): boolean => {
  if (type === "address" || type === "bool" || type === "string" || type === "bytes") return true;
  const [, kind, digits = ""] = /^(u?int|bytes)([1-9]\d{0,2})$/.exec(type) ?? [];
  const size = Number(digits);
  return kind === "bytes" ? size <= 32 : kind !== undefined && size <= 256 && size % 8 === 0;
};

interface Hashes {
  readonly types: Types;
  readonly typeHashes: Map<string, Bytes>;
}

/** Where a value stands, and where what it says is noted; nowhere for what stands in an array. */
interface Place {
  readonly path: string;
  readonly depth?: number;
  readonly into?: Record<string, string>;
  readonly under?: string;
}

/** EIP-712, definition of encodeType: the type, then those it refers to, sorted. */
const typeHash = ({ types, typeHashes }: Hashes, name: string): Bytes => {
  const known = typeHashes.get(name);
  if (known !== undefined) return known;
  const found = new Set([name]);
  for (const type of found)
    for (const field of types.get(type) ?? []) if (types.has(baseOf(field.type))) found.add(baseOf(field.type));
  const [first, ...others] = found;
  const text = [first ?? name, ...others.sort()]
    .map((type) => `${type}(${(types.get(type) ?? []).map((field) => `${field.type} ${field.name}`).join(",")})`)
    .join("");
  const hash = keccak(utf8(text));
  typeHashes.set(name, hash);
  return hash;
};

/** EIP-712, definition of hashStruct. */
const hashStruct = (hashes: Hashes, name: string, value: unknown, place: Place): Bytes => {
  const { path, into, under = "", depth = 0 } = place;
  if (depth > MAX_DEPTH) throw no(`${path} is nested more than ${MAX_DEPTH} deep`);
  const given = record(value, path);
  const fields = hashes.types.get(name) ?? [];
  for (const key of Object.keys(given))
    if (!fields.some((field) => field.name === key)) throw no(`${path}.${key} is not in ${name}, so it is not signed`);
  return keccak(
    concat(
      typeHash(hashes, name),
      ...fields.map((field) => {
        if (!Object.hasOwn(given, field.name)) throw no(`${path}.${field.name} is missing`);
        const at = { path: `${path}.${field.name}`, depth: depth + 1, into, under: `${under}${field.name}` };
        return encode(hashes, field.type, given[field.name], at);
      }),
    ),
  );
};

/** EIP-712, definition of encodeData: 32 bytes for every value. */
const encode = (hashes: Hashes, type: string, value: unknown, place: Place): Bytes => {
  const [, item, size] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
  if (item !== undefined) {
    if (!Array.isArray(value)) throw no(`${place.path} is not a list`);
    if (size !== "" && value.length !== Number(size)) throw no(`${place.path} has not ${size} items`);
    const at = (i: number): Place => ({ path: `${place.path}[${i}]`, depth: (place.depth ?? 0) + 1 });
    return keccak(concat(...value.map((one, i) => encode(hashes, item, one, at(i)))));
  }
  if (hashes.types.has(type)) return hashStruct(hashes, type, value, { ...place, under: `${place.under ?? ""}.` });
  const { word, text } = atom(type, value, place.path);
  if (place.into !== undefined && place.under !== undefined) place.into[place.under] = text;
  return word;
};

const atom = (type: string, value: unknown, path: string): { word: Bytes; text: string } => {
  if (type === "bool") {
    if (typeof value !== "boolean") throw no(`${path} is not true or false`);
    return { word: word(value ? 1n : 0n), text: String(value) };
  }
  if (type === "string") {
    if (typeof value !== "string" || !value.isWellFormed()) throw no(`${path} is not a text`);
    return { word: keccak(utf8(value)), text: value };
  }
  if (type === "address") {
    if (typeof value !== "string" || !isAddress(value)) throw no(`${path} is not an address, or its checksum is wrong`);
    return { word: word(BigInt(value)), text: value.toLowerCase() };
  }
  return type.startsWith("bytes") ? bytesAtom(type, value, path) : integerAtom(type, value, path);
};

const bytesAtom = (type: string, value: unknown, path: string) => {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) throw no(`${path} is not 0x and hexadecimal`);
  const bytes = fromPrefixed(value);
  const size = type.slice("bytes".length);
  if (size !== "" && bytes.length !== Number(size)) throw no(`${path} has ${bytes.length} bytes, not ${size}`);
  return {
    word: size === "" ? keccak(bytes) : concat(bytes, new Uint8Array(32 - bytes.length)),
    text: value.toLowerCase(),
  };
};

const integerAtom = (type: string, value: unknown, path: string) => {
  // A JSON number above 2^53 has lost digits by the time that it is read.
  const exact = typeof value === "number" ? Number.isSafeInteger(value) && !Object.is(value, -0) : false;
  if (!exact && !(typeof value === "string" && /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)))
    throw no(`${path} is not an integer below 2^53, or one in a text`);
  const number = BigInt(value as string | number);
  const signed = type.startsWith("int");
  const bits = BigInt(type.replace(/\D/g, "")) - (signed ? 1n : 0n);
  if (number >= 2n ** bits || number < (signed ? -(2n ** bits) : 0n)) throw no(`${path} does not fit ${type}`);
  return { word: word(BigInt.asUintN(256, number)), text: String(number) };
};

const word = (number: bigint): Bytes => fromHex(number.toString(16).padStart(64, "0"));

/** "0x" and lower case. */
export const prefixed = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;
