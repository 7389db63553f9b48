/** Organisations at work, whatever happens to the platform: what is interrupted is looked at again and taken up. */
import { setTimeout as sleep } from "node:timers/promises";
import { utf8 } from "../../src/base/bytes.ts";
import type { Party } from "../../src/cli/demo/parties.ts";
import { publishModel, verifyEnclave } from "../../src/sdk/workflows/index.ts";
import { openCheckpoint } from "../../src/trust/log/checkpoint.ts";
import { authorise, newTask, type Trio } from "../../test/support/trio.ts";
import { advance } from "./advance.ts";
import type { Memory } from "./record.ts";

const TASK_WORKERS = 5;
const POLL = 50;
/** Between two acts of the same worker, so that the load leaves room for what is measured: recovery. */
const PAUSE = 40;

export interface Load {
  /** No new work; resolves when what was begun has ended, or after so many milliseconds. */
  finish(patience: number): Promise<void>;
}

export const startLoad = (trio: Trio, memory: Memory): Load => {
  let stopping = false;
  let deadline = Number.POSITIVE_INFINITY;
  let round = 0;
  const late = () => performance.now() > deadline;

  const repeat = async (work: () => Promise<void>): Promise<void> => {
    while (!stopping) {
      await work();
      await sleep(PAUSE);
    }
  };

  const runTask = async (): Promise<void> => {
    const mine = ++round;
    const created = await memory.attempt(() => newTask(trio, mine));
    if (!created) return;
    const { id } = memory.acknowledged(created).resource;
    const task = memory.task(id, mine);
    while (!(await advance(trio, memory, task, (party) => authorise(trio, party, id)))) {
      if (late()) return memory.violation(`${id} was not brought to its end in time`);
      await sleep(POLL);
    }
  };

  const [north, south] = trio.hospitals;
  const workers = [
    ...Array.from({ length: TASK_WORKERS }, () => repeat(runTask)),
    repeat(publisher(trio.institute, memory, trio)),
    repeat(sharer(north, trio.sources[0] ?? "", memory)),
    repeat(founder(south, memory, trio)),
    repeat(() => watch(trio, memory)),
  ];
  return {
    async finish(patience) {
      stopping = true;
      deadline = performance.now() + patience;
      await Promise.all(workers);
    },
  };
};

/** Publishes models, each with files of its own. */
const publisher = ({ client, member }: Party, memory: Memory, { alliance }: Trio) => {
  let count = 0;
  return async () => {
    const { enclave: id } = (await memory.attempt(() => client.alliances.get({ id: alliance }))) ?? {};
    const enclave =
      id === undefined ? undefined : await memory.attempt(() => verifyEnclave(client, id, { enclaves: "any" }));
    if (!enclave) return;
    const archive = utf8(`archive ${++count}`);
    const version = { archive, version: "1.0.0", main: "main", enclave };
    const model = { ...version, name: `Model${count}`, permission: { kind: "private" } as const };
    const answer = await memory.attempt(() => publishModel(client, member, model));
    if (answer) memory.acknowledged(answer);
  };
};

/** One act after the other in one stream. The source stays public. */
const sharer =
  ({ client }: Party, source: string, memory: Memory) =>
  async () => {
    const answer = await memory.attempt(() => client.sources.permit(source, { permission: { kind: "public" } }));
    if (answer) memory.acknowledged(answer);
  };

/** Founds alliances, and invites into each. */
const founder = ({ client }: Party, memory: Memory, { alliance, institute }: Trio) => {
  let count = 0;
  return async () => {
    const home = await memory.attempt(() => client.alliances.get({ id: alliance }));
    if (!home) return;
    const detail = { name: `Alliance${++count}`, description: "" };
    const founding = { network: "evidence", enclave: home.enclave, detail } as const;
    const founded = await memory.attempt(() => client.alliances.create(founding));
    if (!founded) return;
    const { id } = memory.acknowledged(founded).resource;
    const invited = await memory.attempt(() => client.alliances.invite(id, { member: institute.member }));
    if (invited) memory.acknowledged(invited);
  };
};

/** The ledger as anybody sees it. */
const watch = async ({ institute, ledger }: Trio, memory: Memory): Promise<void> => {
  const note = await memory.attempt(async () => (await institute.client.ledger.checkpoint()).text());
  if (note !== undefined) memory.shown(openCheckpoint(note, ledger));
};
