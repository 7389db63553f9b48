/** Whether an organisation is verified (实名认证), as a tag. */
import { Tag } from "antd";
import type { z } from "zod";
import type { Account } from "../../contract/accounts.ts";
import { useWords } from "../preferences.tsx";

const COLOURS = { none: "default", submitted: "processing", approved: "success", rejected: "error" } as const;

export const Verified = ({ of: { state, label } }: { of: z.output<typeof Account>["verification"] }) => (
  <Tag color={COLOURS[state]}>{useWords()(label)}</Tag>
);
