import { compute0100 } from "./0100-compute.ts";
import { pillars0110 } from "./0110-pillars.ts";
import { names0120 } from "./0120-names.ts";

export const spineMigrations = [compute0100, pillars0110, names0120] as const;
