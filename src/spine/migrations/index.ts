import { compute0100 } from "./0100-compute.ts";
import { pillars0110 } from "./0110-pillars.ts";

export const spineMigrations = [compute0100, pillars0110] as const;
