/** Commands from the contract: one an endpoint, its flags from the endpoint's schemas. */
import { z } from "zod";
import type { Endpoint } from "../contract/endpoint.ts";
import { contract } from "../contract/index.ts";
import { parametersOf } from "../contract/path.ts";
import type { Downloaded } from "../sdk/requests.ts";
import type { Argument, Command, Flag } from "./command.ts";
import type { Context } from "./context.ts";
import { readBytes, writeTo } from "./files.ts";
import type { Given } from "./given.ts";
import { textOf } from "./given.ts";
import { kebab } from "./names.ts";
import { inputFile, secretOf } from "./parse.ts";
import { flagsOf, inputOf, type Placed, type Schema } from "./schema-flags.ts";
import { safeJson } from "./table.ts";
import { text } from "./text.ts";

type Method = (...args: unknown[]) => unknown;

const schemaOf = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;

/** What the SDK fills in. */
const FILLED = { payload: ["detail"], detail: ["salt"] };

const without = (schema: Schema, names: readonly string[]): Schema => ({
  ...schema,
  properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name))),
});

/** Payload and detail of an act side by side; an id that it gives out is optional. */
const actFlags = ({ kind }: Extract<Endpoint, { type: "act" }>): Placed[] => {
  const payload = without(schemaOf(kind.payload), kind.detail ? FILLED.payload : []);
  const numbered = kind.founds
    ? { ...payload, required: (payload.required ?? []).filter((name) => name !== "id") }
    : payload;
  const detail = kind.detail ? without(schemaOf(kind.detail), FILLED.detail) : {};
  const texts = flagsOf(detail).map((flag) => ({ ...flag, path: ["detail", ...flag.path] }));
  return [...flagsOf(numbered), ...texts];
};

/** Everything but what stands in the path, which is given as arguments. */
const placedOf = (endpoint: Endpoint): Placed[] => {
  if (endpoint.type === "act") return actFlags(endpoint);
  return flagsOf(without(schemaOf(endpoint.input), parametersOf(endpoint.path)));
};

const INPUT: Flag = {
  name: "input",
  type: "text",
  value: "FILE",
  summary: text("the whole input as JSON; - is the standard input", "以 JSON 提供全部输入，- 表示标准输入"),
};
const OUT: Flag = {
  name: "out",
  type: "text",
  value: "FILE",
  summary: text("write to a file instead of the standard output", "写入文件而非标准输出"),
};

/** A secret on the command line is there for everybody on the machine to read: a file may hold it. */
const secretFlags = (placed: readonly Placed[]): Flag[] =>
  placed
    .filter(({ name }) => name === "password")
    .map(({ name }) => ({
      name: `${name}-file`,
      type: "text",
      value: "FILE",
      summary: text("read it from a file; - is the standard input", "从文件读取，- 表示标准输入"),
    }));

const argsOf = (endpoint: Endpoint): Argument[] => [
  ...parametersOf(endpoint.path).map((name) => ({ name })),
  ...(endpoint.type === "upload" ? [{ name: "file" }] : []),
];

/** @param keep whether a command of these two words is wanted */
export const contractCommands = (keep: (resource: string, action: string) => boolean): Command[] =>
  Object.entries(contract).flatMap(([resource, endpoints]) =>
    Object.entries(endpoints as Record<string, Endpoint>)
      .filter(([action]) => keep(resource, action))
      .map(([action, endpoint]) => commandOf(resource, action, endpoint)),
  );

const commandOf = (resource: string, action: string, endpoint: Endpoint): Command => {
  const words = [kebab(resource), kebab(action)] as const;
  const placed = placedOf(endpoint);
  const secrets = secretFlags(placed);
  // A secret may come from a file and anything from --input: what is missing the schema says by name.
  const flags = [
    ...placed,
    ...secrets,
    ...(placed.length > 0 && endpoint.type !== "view" ? [INPUT] : []),
    ...(endpoint.type === "download" ? [OUT] : []),
  ];
  return {
    words,
    summary: endpoint.summary,
    args: argsOf(endpoint),
    flags,
    run: (context, given) => {
      const input = inputOf(placed, given.flags, inputFile(given, `entente ${words.join(" ")}`));
      for (const { name } of secrets) {
        const secret = secretOf(given, name);
        if (secret !== undefined) input[name.replace(/-file$/, "")] = secret;
      }
      return call(endpoint, methodOf(context.client(), resource, action), input, context, given);
    },
  };
};

/** The client's method of this endpoint, whose types the contract has checked already. */
const methodOf = (client: object, resource: string, action: string): Method => {
  const methods: object = Object.entries(client).find(([name]) => name === resource)?.[1] ?? {};
  return Object.entries(methods).find(([name]) => name === action)?.[1] as Method;
};

const call = async (
  endpoint: Endpoint,
  method: Method,
  input: Record<string, unknown>,
  context: Context,
  given: Given,
): Promise<unknown> => {
  const whole = { ...given.args, ...input };
  switch (endpoint.type) {
    case "act":
      return given.args.id === undefined ? method(input) : method(given.args.id, input);
    case "upload":
      return method(readBytes(given.args.file ?? ""), input);
    case "download":
      return save((await method(whole)) as Downloaded, textOf(given, "out"));
    case "live":
      for await (const event of method(input) as AsyncIterable<unknown>) context.print(safeJson(event));
      return undefined;
    default:
      return method(whole);
  }
};

/** To the file, or to the standard output as it is. */
export const save = async (download: Downloaded, path: string | undefined): Promise<unknown> => {
  const bytes = await download.bytes();
  if (path === undefined || path === "-") {
    process.stdout.write(bytes);
    return undefined;
  }
  writeTo(path, bytes);
  return { file: path, size: bytes.length };
};
