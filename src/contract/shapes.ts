/** Shapes that answers share. */
import { z } from "zod";
import { label } from "./label.ts";

export { label };

/** A text in both languages, for labels of codes. */
export const Label = z.object({ en: z.string(), "zh-CN": z.string() }).meta({ id: "Label" });

/** Why something is not done: a code, and what it means. */
export const Reason = z.object({ code: z.string(), text: Label }).meta({ id: "Reason" });

export const Time = z.iso.datetime();

/** A member as others see it. */
export const Member = z
  .object({
    /** Stream id of its chain identity. */
    id: z.string(),
    nickname: z.string(),
    appId: z.string(),
  })
  .meta({ id: "Member" });
export type Member = z.output<typeof Member>;

/** What every resource on the ledger has, so that the next statement about it can be signed. */
export const streamed = {
  /** The id people use: M…, D…, T…, or that of the stream where there is no other. */
  id: z.string(),
  /** Id of its stream. */
  stream: z.string(),
  /** Newest statement of the stream: `seen` of the next. */
  head: z.string(),
};

/** Who may apply to use a model or a data source. `members` is shown to its owner only. */
export const SharedWith = z
  .object({ kind: z.enum(["private", "named", "public"]), label: Label, members: z.array(Member).optional() })
  .meta({ id: "SharedWith" });

/** 模型权限 and 数据源权限 as the console names them. */
export const permissionLabels = {
  private: label("Private", "私密"),
  named: label("Named members", "定向公开"),
  public: label("Public", "全部公开"),
} as const;

/** 全部, 我创建的, 公开. */
export const OwnershipTab = z.enum(["all", "mine", "public"]).default("all");

/** The trusted-computing console lists ten a page. */
export const Page = z.object({
  page: z.coerce.number<number>().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number<number>().int().min(1).max(100).default(10),
});
/** Words looked for in names and ids. */
export const Search = z.string().max(64).optional();
/** `more`: there are more than `total`, which counts no further than 10,000. */
export const paged = <T extends z.ZodType>(item: T) =>
  z.object({
    ...{ items: z.array(item), total: z.int(), more: z.literal(true).optional() },
    ...{ page: z.int(), pageSize: z.int() },
  });

/** Newest first, by opaque cursor. */
export const Cursor = z.object({
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number<number>().int().min(1).max(100).default(10),
});
export const cursored = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

/** A resource id (M…, D…, T…) or the id of its stream. */
export const AnyId = z.string().min(1).max(64);
export const ById = z.object({ id: AnyId });
export const Nothing = z.object({});
