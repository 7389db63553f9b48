/** Digests by which statements name things. */
import { sha256Hex } from "#crypto";
import { canonical } from "../base/canonical.ts";

/** SHA-256 (hex) of the canonical form (RFC 8785) of a value. Give the value a `use` to separate domains. */
export const digestOf = (value: unknown): string => sha256Hex(canonical(value));
