/** Answers as people read them: lists as tables, everything else as names and values. */
import type { Language } from "../base/refusal.ts";
import { fieldName } from "./fields.ts";
import { pairs, table } from "./table.ts";
import { say, type Text, text } from "./text.ts";

type Record_ = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Columns of lists, as the console has them; what else there is shows with --json. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  accounts: ["nickname", "appId", "id", "verification", "createdAt"],
  users: ["login", "role", "id", "createdAt", "disabledAt"],
  "access-keys": ["id", "createdAt", "lastUsedAt", "disabledAt"],
  enclaves: ["id", "provider", "hardware", "running", "createdAt"],
  alliances: ["name", "id", "memberCount", "creator", "createdAt", "joinedAt"],
  models: ["name", "id", "version", "creator", "permission", "state", "createdAt"],
  sources: ["name", "id", "typeLabel", "creator", "permission", "state", "createdAt"],
  tasks: ["name", "id", "creator", "alliance", "stateLabel", "createdAt"],
  "key-nodes": ["tag", "id", "provider", "hardware", "running", "address"],
  "key-groups": ["name", "id", "creator", "keyCount", "policyCount", "awaitsYou", "createdAt"],
  keys: ["alias", "id", "schemeLabel", "threshold", "shares", "stateLabel", "createdAt"],
  "key-requests": ["id", "requester", "actionLabel", "count", "approvals", "stateLabel", "createdAt"],
  events: ["title", "id", "initiator", "stateLabel", "createdAt", "expiresAt"],
  audit: ["at", "actor", "action", "target", "outcome"],
  ledger: ["index", "time", "stream", "seq", "statement"],
  streams: ["index", "time", "kind", "digest"],
};

const YES = text("yes", "是");
const NO = text("no", "否");
const NOTHING = text("Nothing.", "没有数据。");
const PAGE = text("Page {page}, {shown} of {total}.", "第 {page} 页，{shown} 条，共 {total} 条。");
const LONG = text("Page {page}, {shown} of more than {total}.", "第 {page} 页，{shown} 条，共 {total} 条以上。");
const MORE = text("There is more: continue with {flag} {next}.", "还有更多：使用 {flag} {next} 继续。");
const LEDGER = text("Ledger entry {index}, {time}.", "账本条目 {index}，{time}。");
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** @param resource the first word of the command: it chooses the columns of a list */
export const show = (value: unknown, resource: string, language: Language): string => {
  if (!isRecord(value)) return cell(value, language);
  if (Array.isArray(value.items)) return list(value as Record_ & { items: unknown[] }, resource, language);
  if (isRecord(value.receipt) && isRecord(value.resource)) {
    const { index, time } = value.receipt;
    const placed = say(LEDGER, language, { index, time: cell(time, language) });
    return `${details(value.resource, language)}\n\n${placed}`;
  }
  return details(value, language);
};

const list = ({ items, ...paging }: Record_ & { items: unknown[] }, resource: string, language: Language): string => {
  const rows = items.filter(isRecord);
  const [first] = rows;
  if (!first) return say(NOTHING, language);
  // A resource has lists of other things too: simulated decisions of a group.
  const usual = COLUMNS[resource];
  const columns = usual?.every((name) => name in first)
    ? usual
    : Object.keys(first).filter((name) => !isRecord(first[name]) || isFlat(first[name]));
  const head = columns.map((name) => fieldName(name, language));
  const body = rows.map((row) => columns.map((name) => cell(row[name], language)));
  return [table(head, body), footer(paging, rows.length, language)].filter(Boolean).join("\n\n");
};

const footer = ({ page, total, more, next }: Record_, shown: number, language: Language): string => {
  if (typeof total === "number") return say(more ? LONG : PAGE, language, { page, shown, total });
  if (next === null || next === undefined) return "";
  return say(MORE, language, { flag: typeof next === "number" ? "--start" : "--cursor", next });
};

/** Names and values; what has parts of its own stands below, further in. */
const details = (value: Record_, language: Language, indent = ""): string => {
  const flat: [string, string][] = [];
  const deep: string[] = [];
  for (const [name, part] of Object.entries(value)) {
    const title = fieldName(name, language);
    if (isFlat(part)) flat.push([title, cell(part, language)]);
    else if (Array.isArray(part)) deep.push(`${indent}${title}\n${rows(part, language, `${indent}  `)}`);
    else deep.push(`${indent}${title}\n${details(part as Record_, language, `${indent}  `)}`);
  }
  return [pairs(flat, indent), ...deep].filter((block) => block !== "").join("\n");
};

/** A table of what several records have in common. */
const rows = (items: readonly unknown[], language: Language, indent: string): string => {
  const records = items.filter(isRecord);
  const columns = Object.keys(records[0] ?? {}).filter((name) => records.every((record) => isFlat(record[name])));
  const body = records.map((record) => columns.map((name) => cell(record[name], language)));
  return table(
    columns.map((name) => fieldName(name, language)),
    body,
  )
    .split("\n")
    .map((line) => indent + line)
    .join("\n");
};

const isFlat = (value: unknown): boolean =>
  !isRecord(value)
    ? !Array.isArray(value) || value.length === 0 || !value.some((each) => isRecord(each) && !named(each))
    : named(value) || Object.keys(value).length === 0;

/** A label in both languages, a member, or anything else that one name says. */
const named = (value: Record_): boolean => "zh-CN" in value || isMember(value) || isTitled(value) || "label" in value;
const isMember = (value: Record_): boolean => "nickname" in value && "appId" in value && Object.keys(value).length <= 3;
const isTitled = (value: Record_): boolean => "name" in value && "id" in value && Object.keys(value).length === 2;

/** A value in one cell. */
export const cell = (value: unknown, language: Language): string => {
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value === "boolean") return say(value ? YES : NO, language);
  if (typeof value === "string") return TIME.test(value) ? localTime(value) : value;
  if (Array.isArray(value)) return value.map((each) => cell(each, language)).join(", ") || "-";
  if (!isRecord(value)) return String(value);
  if ("zh-CN" in value) return say(value as Text, language);
  if (isMember(value)) return `${value.nickname} (${value.appId})`;
  if (isTitled(value)) return String(value.name || value.id);
  return isRecord(value.label) ? cell(value.label, language) : JSON.stringify(value);
};

/** Local time to the second, as the console shows it. */
export const localTime = (iso: string): string => {
  const date = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
};
