/** Groups, keys and requests as the contract shows them. */
import type { z } from "zod";
import type { KeyGroup } from "../../contract/key-groups.ts";
import type { KeyRequest } from "../../contract/key-requests.ts";
import type { Key } from "../../contract/keys.ts";

export type ShownGroup = z.output<typeof KeyGroup>;
export type ShownKey = z.output<typeof Key>;
export type ShownRequest = z.output<typeof KeyRequest>;

export const administers = ({ roles }: Pick<ShownGroup, "roles">): boolean =>
  roles.some(({ role }) => role === "administrator");
