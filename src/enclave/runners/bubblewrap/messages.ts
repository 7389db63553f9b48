/** What host and guest say to one another, in frames (columns/frames.ts): on fd 0 towards the guest, on fd 3 back. */
import type { Field } from "../../columns/batch.ts";
import type { BatchHeader } from "../../columns/codec.ts";
import type { Manifest, ParameterValue } from "../manifest.ts";

/** Frames that the host sends. */
export type ToGuest =
  | {
      readonly kind: "load";
      readonly manifest: Manifest;
      readonly main: string;
      readonly parameters: Readonly<Record<string, ParameterValue>>;
      /** Paths and lengths of the files that make up the body. */
      readonly files: readonly (readonly [path: string, bytes: number])[];
    }
  | { readonly kind: "table"; readonly table: string; readonly columns: readonly Field[] }
  | { readonly kind: "batch"; readonly table: string; readonly batch: BatchHeader }
  | { readonly kind: "end"; readonly table: string };

/** Frames that the host gets: unless the model wrote them itself. */
export type FromGuest =
  | { readonly kind: "started" }
  | { readonly kind: "want"; readonly table: string }
  | { readonly kind: "result"; readonly batch: BatchHeader }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly trace?: string };
