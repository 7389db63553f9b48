/** A project to begin with: a small model that works, in the language of the author's choice. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Language } from "../../base/refusal.ts";
import { refuse as refuseFile } from "../errors.ts";
import { isDirectory, writeTo } from "../files.ts";
import { refuse } from "./model-errors.ts";

const TEMPLATES = join(import.meta.dirname, "..", "templates");

/** Languages that there is a project for, as manifests name their runners. */
export const RUNNERS = ["javascript", "python", "sql", "wasm"] as const;

/** Code of templates ends in .txt, so that no tool takes it for code of this program. */
const nameIn = (file: string, language: Language): string | undefined => {
  if (!file.startsWith("README.")) return file.replace(/\.txt$/, "");
  return file === `README.${language}.md` ? "README.md" : undefined;
};

/**
 * Writes the project into a folder that is made for it, or is empty.
 * @returns names of the files
 * @throws Refusal project.not-empty, file.unwritable
 */
export const initProject = (path: string, runner: (typeof RUNNERS)[number], language: Language): string[] => {
  requireEmpty(path);
  const template = join(TEMPLATES, runner);
  const title = basename(resolve(path));
  const files = readdirSync(template, { recursive: true, encoding: "utf8" }).sort();
  return files.flatMap((file) => {
    const name = nameIn(file, language);
    if (name === undefined || isDirectory(join(template, file))) return [];
    const content = readFileSync(join(template, file));
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeTo(join(path, name), name === "README.md" ? titled(content, title) : content, { fresh: true });
    return [name];
  });
};

const titled = (content: Buffer, title: string): string => content.toString("utf8").replaceAll("{name}", () => title);

const requireEmpty = (path: string): void => {
  if (existsSync(path) && !(isDirectory(path) && readdirSync(path).length === 0))
    throw refuse("project.not-empty", { path });
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw refuseFile("file.unwritable", { path, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
};
