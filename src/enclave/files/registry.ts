import { csv } from "./csv.ts";
import type { FileFormat } from "./format.ts";
import { parquet } from "./parquet.ts";

/** File formats by id. */
export const fileFormats: Record<string, FileFormat> = { csv, parquet };
