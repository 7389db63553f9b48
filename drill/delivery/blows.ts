/** Kills databases and the enclave, at any moment and in the middle of what they do. */
import { setTimeout as sleep } from "node:timers/promises";
import { treeOf } from "../../test/support/processes.ts";
import type { Killer } from "../kill/killer.ts";
import type { MortalMariadb } from "./mariadb.ts";

export interface Blows {
  /** How many each of them has had. */
  readonly dealt: Readonly<Record<"sink" | "source" | "delivering", number>>;
  /** Of all of these, how many while the database had a session of the enclave's. */
  readonly inTheMiddle: number;
  /** One blow to a database. @throws Error where it does not start again */
  strikeDatabase(): Promise<void>;
  /** One to the enclave that is delivering. */
  strikeEnclave(): Promise<void>;
}

/** Milliseconds: until a blow at any moment; that a blow in the middle is waited for; into what is going on. */
const ANY_MOMENT = 1_500;
const AIMS_FOR = 4_000;
const INTO = 60;
/** A database is down for so long. */
const DOWN_FOR = 800;
/** Users in whose name the enclave comes: OwnMariadb has them. */
const [READER, WRITER] = ["reader", "writer"];
/** Bytes of a statement that the receiver's server takes: results of several parts, without being very large. */
const PACKET = 1 << 20;

export interface Targets {
  readonly killer: Killer;
  readonly source: MortalMariadb;
  readonly sink: MortalMariadb;
  /** Called when the sink has come back. */
  readonly onSink: () => Promise<void>;
}

export const takeSmallPackets = (sink: MortalMariadb) => sink.query(`set global max_allowed_packet = ${PACKET}`);

export const createBlows = ({ killer, source, sink, onSink }: Targets): Blows => {
  const dealt = { sink: 0, source: 0, delivering: 0 };
  let inTheMiddle = 0;

  /** Waits for a session of this user, then for a moment somewhere within. @returns whether there was one */
  const aim = async (database: MortalMariadb, user: string): Promise<boolean> => {
    const until = performance.now() + AIMS_FOR;
    while ((await database.sessions(user)) === 0) {
      if (performance.now() > until) return false;
      await sleep(3);
    }
    await sleep(Math.random() * INTO);
    return true;
  };

  const strike = async (database: MortalMariadb, user: string) => {
    if (Math.random() < 0.5) await sleep(Math.random() * ANY_MOMENT);
    else await aim(database, user);
    if ((await database.sessions(user)) > 0) inTheMiddle++;
    await database.kill();
    await sleep(Math.random() * DOWN_FOR);
    await database.start();
  };

  return {
    dealt,
    get inTheMiddle() {
      return inTheMiddle;
    },
    async strikeDatabase() {
      if (Math.random() < 0.3) {
        await strike(source, READER);
        dealt.source++;
        return;
      }
      await strike(sink, WRITER);
      dealt.sink++;
      await takeSmallPackets(sink);
      await onSink();
    },
    async strikeEnclave() {
      if (!(await aim(sink, WRITER))) return;
      const enclaves = treeOf(killer.platform.pid).filter(({ command }) => command.includes("enclave.mjs"));
      const enclave = enclaves[Math.floor(Math.random() * enclaves.length)];
      if (!enclave) return;
      if ((await sink.sessions(WRITER)) > 0) inTheMiddle++;
      // Whoever else strikes may have come first.
      if (signal(enclave.pid)) dealt.delivering++;
    },
  };
};

const signal = (pid: number): boolean => {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
};
