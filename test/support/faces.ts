/** The faces over software keys, on a free port. */
import { execFileSync } from "node:child_process";
import { createFaces, type FacesOptions } from "../../src/server/faces/listener.ts";
import type { Auth } from "../../src/server/ports.ts";
import { createSoftwareKeys } from "./software-keys.ts";

export const HOUSE = { accountId: "house", member: "house" };

/** Access keys that may do less than all. */
const LESS: Readonly<Record<string, readonly string[]>> = {
  AKauditor: ["key.read"],
  AKteller: ["key.read", "key.request"],
};
const ALL = ["key.read", "key.request", "key.govern"];
/** Secrets of access keys: of the house, of another organisation, and some that may do less. */
export const ACCESS_KEYS = {
  AKhouse: "SKhouse",
  AKother: "SKother",
  AKauditor: "SKauditor",
  AKteller: "SKteller",
} as const;

const auth: Pick<Auth, "accessKey"> = {
  async accessKey(id) {
    if (!Object.hasOwn(ACCESS_KEYS, id)) return undefined;
    const whose = id === "AKother" ? "other" : "house";
    const permissions = new Set(LESS[id] ?? ALL);
    const secret = ACCESS_KEYS[id as keyof typeof ACCESS_KEYS];
    return { principal: { kind: "user", userId: id, accountId: whose, member: whose, permissions }, secret };
  },
};

export const openFaces = async (options: Partial<Omit<FacesOptions, "service">> = {}) => {
  const keys = createSoftwareKeys();
  const logged: unknown[] = [];
  const log = () => (details: object) => void logged.push(details);
  const given: FacesOptions = {
    ...{ service: keys, house: HOUSE, token: "", auth, clock: { now: Date.now } },
    limits: { take: () => ({ allowed: true, remaining: 1, retryAfter: 0 }) },
    log: { info: log(), warn: log(), error: log() },
    ...options,
  };
  const faces = createFaces(given);
  const { url, port } = await faces.listen({ host: "127.0.0.1", port: 0 });
  return { keys, given, url, port, logged, close: () => faces.close(0) };
};
export type TestFaces = Awaited<ReturnType<typeof openFaces>>;

/** @returns what it printed */
export const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
