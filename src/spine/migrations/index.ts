import { compute0100 } from "./0100-compute.ts";
import { homes0110 } from "./0110-homes.ts";

export const spineMigrations = [compute0100, homes0110] as const;
