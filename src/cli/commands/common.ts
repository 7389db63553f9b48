/** Flags that several commands have. */
import type { Permission } from "../../rules/shapes.ts";
import { Permission as PermissionShape } from "../../rules/shapes.ts";
import type { Flag } from "../command.ts";
import { refuse } from "../errors.ts";
import { type Given, textOf, textsOf } from "../given.ts";
import { text } from "../text.ts";

export const PERMISSION_FLAGS: readonly Flag[] = [
  {
    name: "permission",
    type: "text",
    choices: ["private", "named", "public"],
    default: "private",
    summary: text("who may apply to use it", "使用权限"),
  },
  {
    name: "permission-members",
    type: "text",
    many: true,
    value: "ID",
    summary: text("members that a `named` permission names", "定向公开的成员"),
  },
];

/** @throws Refusal usage.value */
export const permissionOf = (given: Given, command: string): Permission => {
  const kind = textOf(given, "permission") ?? "private";
  const members = [...textsOf(given, "permission-members")];
  const parsed = PermissionShape.safeParse(kind === "named" ? { kind, members } : { kind });
  if (parsed.success) return parsed.data;
  const value = members.join(" ");
  throw refuse("usage.value", { flag: "--permission-members", value, expected: "1..100 ids of members", command });
};

export const ENCLAVE_FLAG: Flag = {
  name: "enclave",
  type: "text",
  value: "ID",
  summary: text("the enclave; the one that runs now", "可信执行环境，默认为当前运行的"),
};
