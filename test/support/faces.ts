/** The faces over software keys, on a free port. */
import { execFileSync } from "node:child_process";
import { createFaces, type FacesOptions } from "../../src/server/faces/listener.ts";
import { createSoftwareKeys } from "./software-keys.ts";

export const HOUSE = { accountId: "house", member: "house" };

export const openFaces = async (options: Partial<FacesOptions> = {}) => {
  const keys = createSoftwareKeys();
  const logged: unknown[] = [];
  const log = () => (details: object) => void logged.push(details);
  const faces = createFaces({
    ...{ service: keys, house: HOUSE, token: "", clock: { now: Date.now } },
    log: { info: log(), warn: log(), error: log() },
    ...options,
  });
  const { url, port } = await faces.listen({ host: "127.0.0.1", port: 0 });
  return { keys, url, port, logged, close: () => faces.close(0) };
};
export type TestFaces = Awaited<ReturnType<typeof openFaces>>;

/** @returns what it printed */
export const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
