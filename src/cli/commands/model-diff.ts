/** Two models compared: their files, and what their manifests say. */
import { readManifest } from "../../enclave/runners/manifest.ts";
import { type FileChange, type Files, fileChanges } from "../../sdk/compare-files.ts";
import { type ManifestChange, manifestChanges } from "./model-manifest.ts";

export interface Comparison {
  readonly manifest: readonly ManifestChange[];
  readonly files: readonly FileChange[];
}

/** @throws Refusal model.manifest */
export const compareModels = (a: Files, b: Files): Comparison => ({
  manifest: manifestChanges(readManifest(a), readManifest(b)),
  files: fileChanges(a, b),
});
