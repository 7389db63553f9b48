import type { z } from "zod";
import type { Source } from "../../contract/sources.ts";

/** A data source as the contract shows it. */
export type ShownSource = z.output<typeof Source>;
