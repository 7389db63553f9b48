import type { Migration } from "../migrate.ts";
import { platform0001 } from "./0001-platform.ts";

/** The platform's migrations. Pillars hand their own to `migrate` beside these. */
export const platformMigrations: readonly Migration[] = [platform0001];
