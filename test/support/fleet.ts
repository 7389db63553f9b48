/** Several enclaves in the hands of one host. */
import { join } from "node:path";
import { fromBase64, toBase64 } from "../../src/base/bytes.ts";
import { type AgentOptions, createAgent } from "../../src/enclave/agent/agent.ts";
import type { EnclaveMethods } from "../../src/enclave/protocol/messages.ts";
import { replayable } from "../../src/evidence/export.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";
import { encodeStatements } from "../../src/tee/protocol/statements.ts";
import { enclaveKey } from "../../src/trust/envelope/recipient.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import type { Rig } from "./hostile-host.ts";

/** Another enclave of the same program, with keys and state of its own. */
export const openWorker = async (rig: Rig, name: string, twist: Partial<AgentOptions> = {}) => {
  const directory = join(rig.state, "..", name);
  const options = { ...(await rig.agentOptions()), directory, provider: await openSimulated(directory), ...twist };
  let agent = await createAgent(options);
  const call = async <M extends keyof EnclaveMethods>(method: M, params: object, on?: string) => {
    const body = encodeStatements(on === undefined ? [] : await replayable(rig.ledger, on, followed));
    return (await agent[method](params, body)).result as EnclaveMethods[M]["result"];
  };
  let followed = 0;
  const { stream: id, statement } = await call("identify", {});
  await rig.stage.submit(statement);
  return {
    id,
    recipient: enclaveKey(fromBase64(String((parseStatement(statement).statement.payload as Keys).encryptionKey))),
    async follow(to = rig.ledger.size) {
      const leaves = rig.ledger.leaves(followed, to);
      await call("follow", { from: followed, leaves, checkpoint: rig.ledger.checkpoint(to) });
      followed = to;
    },
    async restart() {
      agent = await createAgent({ ...options, provider: await openSimulated(directory) });
      followed = 0;
      await this.follow();
    },
    /** @param from size of the ledger that the other enclave has seen */
    async run(task: string, keys: string, from: number) {
      const consistency = rig.ledger.consistency(from, followed).map(toBase64);
      const { statement } = await call("run", { task, details: rig.details, handed: { keys, consistency } }, task);
      return statement;
    },
    diagnose: (task: string) => call("diagnose", { task }, task),
    runAlone: (task: string) => call("run", { task, details: rig.details }, task),
    delegate: (task: string, to: string) => call("delegate", { task, details: rig.details, to }, task),
  };
};
interface Keys {
  readonly encryptionKey: string;
}

/** A task that names two enclaves beside the first, authorised by everybody. */
export const openFleet = async (rig: Rig, authorise: (task: string) => Promise<void> = rig.authorise) => {
  const [second, third] = [await openWorker(rig, "second"), await openWorker(rig, "third")];
  const task = await rig.newTask({ workers: [second.id, third.id].sort() });
  await authorise(task);
  await rig.follow();
  /** As an honest host would. @returns keys, and how much of the ledger the first enclave had seen */
  const delegate = async (to: string, on = task) => {
    const seen = rig.ledger.size;
    await rig.follow(seen);
    const said = await rig.call(
      "delegate",
      { task: on, details: rig.details, to },
      await replayable(rig.ledger, on, seen),
    );
    return { ...said, seen };
  };
  return { second, third, task, delegate };
};
