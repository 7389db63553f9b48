/** What servers of one's own need from the machine that they start on. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The first of these users that there is; root does not count. */
export const findUser = (...names: readonly string[]): User | undefined => {
  for (const name of names) {
    try {
      const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, name], { stdio: "pipe" })));
      if (uid && gid) return { uid, gid };
    } catch (error) {
      if ((error as { status?: number }).status === undefined) throw error;
    }
  }
  return undefined;
};

/** A port of the loopback interface that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};
