/** The page of the interface, from the contract. */
import { z } from "zod";
import type { Language } from "../../src/base/refusal.ts";
import type { AnyAct, Contract, Endpoint } from "../../src/contract/endpoint.ts";
import { contract } from "../../src/contract/index.ts";
import { parametersOf } from "../../src/contract/path.ts";
import { code, head, json, page, table, text } from "./markdown.ts";
import { createShapes, type Field, type Shapes } from "./shapes.ts";

const title = text("Interface", "接口");
const introduction = text(
  `Everything under \`/v1\`, from the contract in \`src/contract\`. The same contract makes the routes, the SDK, the commands and [\`/openapi.json\`](../../../src/server/openapi.ts), which a running platform serves and which also lists the errors of every endpoint.

- **Who asks.** A program signs each request with its access key (HTTP Message Signatures, RFC 9421, \`hmac-sha256\`); a browser has a session and sends \`X-CSRF-Token\` with whatever changes something.
- **Acts** are signed by the member. The body is \`{"statement": JWS, "detail": {…}}\`; where the platform keeps the member's key it is \`{"input": {…}}\`, and the platform signs. The answer is \`{"receipt": …, "resource": …}\`.
- **Again.** \`Idempotency-Key\` makes a repeated POST, PUT or DELETE give its first answer again. \`If-None-Match\` with the \`ETag\` of an earlier answer saves reading it twice.
- **No.** A refusal is \`application/problem+json\` (RFC 9457) with a \`code\` of [errors.md](errors.md). What you may not see answers exactly as what does not exist.`,
  `\`/v1\` 下的全部接口，根据 \`src/contract\` 中的契约生成。路由、SDK、命令行以及 [\`/openapi.json\`](../../../src/server/openapi.ts) 均出自同一份契约；运行中的平台提供 \`/openapi.json\`，其中还列出每个接口可能返回的错误。

- **认证。** 程序使用访问密钥对每个请求签名（HTTP Message Signatures，RFC 9421，\`hmac-sha256\`）；浏览器使用会话，凡修改数据的请求均须携带 \`X-CSRF-Token\`。
- **行为**（act）由成员签名，请求正文为 \`{"statement": JWS, "detail": {…}}\`；如密钥由平台托管，则为 \`{"input": {…}}\`，由平台代为签名。响应为 \`{"receipt": …, "resource": …}\`。
- **重试。** 携带相同 \`Idempotency-Key\` 的 POST、PUT、DELETE 请求返回首次的结果。携带先前响应的 \`ETag\`（\`If-None-Match\`）可避免重复读取。
- **拒绝。** 拒绝以 \`application/problem+json\`（RFC 9457）返回，其中 \`code\` 见 [errors.md](errors.md)。无权查看的对象与不存在的对象返回完全相同的结果。`,
);

const WORDS = {
  field: text("field", "字段"),
  required: text("required", "必填"),
  type: text("type (default)", "类型（默认值）"),
  yes: text("yes", "是"),
  permission: text("permission", "权限"),
  statement: text("statement", "声明"),
  answers: text("answers", "返回"),
  upload: text("body", "正文"),
  live: text("server-sent events of", "服务器推送事件："),
  and: text(" and ", "、"),
  takes: text("Takes:", "输入："),
  gives: text("Answers:", "返回："),
  nothing: text("nothing (204)", "无内容（204）"),
  example: text("Example:", "示例："),
  refusals: text("Refusals of its own:", "特有的拒绝："),
  shapes: text("Shapes", "数据结构"),
} as const;

/** @returns the page in a language */
export const apiPage = (language: Language): string => {
  const shapes = createShapes();
  const endpoints = Object.entries(contract as Contract).flatMap(([resource, methods]) => [
    `## ${resource}`,
    "",
    ...Object.entries(methods).flatMap(([name, endpoint]) =>
      section(`${resource}.${name}`, endpoint, shapes, language),
    ),
  ]);
  const named = [...shapes.named.keys()].sort();
  return page([
    ...head(title, introduction, language),
    ...endpoints,
    `## ${WORDS.shapes[language]}`,
    "",
    ...named.flatMap((name) => [`### ${name}`, ...fieldTable(shapes.fieldsOfNamed(name, language), language, true)]),
  ]);
};

const section = (name: string, endpoint: Endpoint, shapes: Shapes, language: Language): string[] => {
  const { method, path, permission, summary, example, errors = [] } = endpoint;
  const takes = fieldTable(inputOf(endpoint, shapes, language), language);
  const answers = answerFields(endpoint, shapes, language);
  const facts = [
    `${WORDS.permission[language]} ${code(permission)}`,
    ...(endpoint.type === "act" ? [`${WORDS.statement[language]} ${code(endpoint.kind.name)}`] : []),
    ...(endpoint.type === "upload" ? [`${WORDS.upload[language]} ${code(endpoint.media)}`] : []),
    ...(answers.length > 0 ? [] : [`${WORDS.answers[language]} ${answerOf(endpoint, shapes, language)}`]),
  ];
  return [
    `### ${name}`,
    "",
    `${summary[language]}`,
    "",
    code(`${method} ${path}`),
    "",
    `${facts.join(" · ")}`,
    ...(takes.length > 0 ? ["", WORDS.takes[language], ...takes] : []),
    ...(answers.length > 0 ? ["", WORDS.gives[language], ...answers] : []),
    ...(example === undefined ? [] : [WORDS.example[language], ...json(example)]),
    ...(errors.length > 0 ? ["", `${WORDS.refusals[language]} ${[...errors].sort().map(code).join(", ")}`] : []),
    "",
  ];
};

const fieldTable = (fields: readonly Field[], language: Language, answer = false): string[] =>
  answer
    ? table(
        [WORDS.field[language], WORDS.type[language]],
        fields.map(({ name, type }) => [code(name), type]),
      )
    : table(
        [WORDS.field[language], WORDS.required[language], WORDS.type[language]],
        fields.map(({ name, required, type }) => [code(name), required ? WORDS.yes[language] : "", type]),
      );

/** Path, query or body; of an act the payload, with the text it commits to as `detail`. */
const inputOf = (endpoint: Endpoint, shapes: Shapes, language: Language): Field[] => {
  if (endpoint.type !== "act") return shapes.describe(endpoint.input, "input", language).fields;
  const { payload, detail } = endpoint.kind as AnyAct["kind"] & { detail?: z.ZodType };
  const id = parametersOf(endpoint.path).map((name) => ({ name, required: true, type: text("id", "编号")[language] }));
  const own = shapes.describe(payload as z.ZodType, "input", language).fields;
  const texts = detail ? shapes.describe(detail, "input", language).fields : [];
  return [
    ...id,
    ...own,
    ...texts.filter(({ name }) => name !== "salt").map((field) => ({ ...field, name: `detail.${field.name}` })),
  ];
};

const answerOf = (endpoint: Endpoint, shapes: Shapes, language: Language): string => {
  if (endpoint.type === "download") return code(endpoint.media);
  if (endpoint.output instanceof z.ZodVoid) return WORDS.nothing[language];
  const { whole, fields } = shapes.describe(endpoint.output, "output", language);
  if (endpoint.type === "act") return fields.map(({ type }) => type).join(WORDS.and[language]);
  return endpoint.type === "live" ? `${WORDS.live[language]} ${whole}` : whole;
};

/** Of an answer without a name. */
const answerFields = (endpoint: Endpoint, shapes: Shapes, language: Language): string[] => {
  if (endpoint.type === "download" || endpoint.type === "act" || endpoint.output instanceof z.ZodVoid) return [];
  return fieldTable(shapes.describe(endpoint.output, "output", language).fields, language, true);
};
