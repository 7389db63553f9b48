/** Other enclaves of a rig's ledger, and the moves between them, in the hands of the same host. */
import { join } from "node:path";
import { fromBase64, toBase64 } from "../../src/base/bytes.ts";
import { type AgentOptions, createAgent } from "../../src/enclave/agent/agent.ts";
import type { EnclaveMethods } from "../../src/enclave/protocol/messages.ts";
import { replayable } from "../../src/evidence/export.ts";
import type { AttestationProvider } from "../../src/tee/attestation/provider.ts";
import { openSimulated } from "../../src/tee/attestation/simulated.ts";
import type { PlacedStatement } from "../../src/tee/protocol/messages.ts";
import { encodeStatements } from "../../src/tee/protocol/statements.ts";
import { enclaveKey, type Recipient } from "../../src/trust/envelope/recipient.ts";
import { parseStatement } from "../../src/trust/statement.ts";
import type * as c from "./consortium.ts";
import { type Rig, sha384Hex } from "./hostile-host.ts";
import { act } from "./stage.ts";

type Call = <M extends keyof EnclaveMethods>(
  method: M,
  params: object,
  statements?: readonly PlacedStatement[],
) => Promise<EnclaveMethods[M]["result"]>;

/** An enclave as its host has it. */
export interface Side {
  readonly id: string;
  readonly measurement: string;
  readonly call: Call;
  /** Shows it the ledger honestly. */
  follow(): Promise<void>;
}

/** The enclave that the rig began with. */
export const firstOf = (rig: Rig): Side => ({ ...rig.enclave, call: rig.call, follow: () => rig.follow() });

export interface Second extends Side {
  readonly recipient: Recipient;
  restart(twist?: Partial<AgentOptions>): Promise<void>;
}

/** Another program on the same ledger, founded there. @param name of its program */
export const openSecond = async (
  rig: Rig,
  name = "another program",
  { provider = openSimulated }: { readonly provider?: (directory: string) => Promise<AttestationProvider> } = {},
): Promise<Second> => {
  const directory = join(rig.state, "..", name);
  const start = async (twist: Partial<AgentOptions> = {}) =>
    createAgent({
      ...(await rig.agentOptions()),
      components: { program: sha384Hex(name) },
      directory,
      provider: await provider(directory),
      ...twist,
    });
  let agent = await start();
  let followed = 0;
  const call: Call = async (method, params, statements = []) =>
    (await agent[method](params, encodeStatements(statements))).result as never;
  const { stream: id, statement } = await call("identify", {});
  await rig.stage.submit(statement);
  const { measurement, encryptionKey } = parseStatement(statement).statement.payload as Record<string, string>;
  return {
    id,
    measurement: measurement ?? "",
    recipient: enclaveKey(fromBase64(encryptionKey ?? "")),
    call,
    async follow() {
      const to = rig.ledger.size;
      if (to <= followed) return;
      const leaves = rig.ledger.leaves(followed, to);
      await call("follow", { from: followed, leaves, checkpoint: rig.ledger.checkpoint(to) });
      followed = to;
    },
    async restart(twist) {
      agent = await start(twist);
      followed = 0;
    },
  };
};

export const successor = ({ id, measurement }: Pick<Side, "id" | "measurement">) => ({ enclave: id, measurement });

/** The hospital's table. */
export const sourceOf = (rig: Rig): string => rig.parts.sources[0] ?? "";

export const moveSource = (rig: Rig, from: Side, to: Side) =>
  act(rig.stage, rig.hospital, "source.moved", sourceOf(rig), { from: from.id, ...successor(to) });

/** The alliance, the model and the table, each by its owner. @returns the parts of tasks there */
export const moveAll = async (rig: Rig, from: Side, to: Side): Promise<c.Parts> => {
  const { stage, institute, parts } = rig;
  await act(stage, institute, "alliance.moved", parts.alliance, successor(to));
  await act(stage, institute, "model.moved", parts.model, { from: from.id, ...successor(to) });
  await moveSource(rig, from, to);
  return { ...parts, enclave: { ...parts.enclave, ...to } };
};

const shown = (rig: Rig, stream: string) => replayable(rig.ledger, stream, rig.ledger.size);

export const release = async (rig: Rig, side: Side, resource = sourceOf(rig)) => {
  await side.follow();
  return side.call("release", { resource }, await shown(rig, resource));
};

export type Released = Awaited<ReturnType<typeof release>>;

/** Adopts what was released, honestly but for `twist`. */
export const adopt = async (
  rig: Rig,
  side: Side,
  { size, release }: Released,
  twist: {
    readonly from: string;
    readonly resource?: string;
    readonly consistency?: string[];
    readonly statements?: PlacedStatement[];
  },
) => {
  await side.follow();
  const { statements, ...params } = { resource: sourceOf(rig), ...twist };
  const consistency = rig.ledger.consistency(Math.min(size, rig.ledger.size), rig.ledger.size).map(toBase64);
  return side.call("adopt", { release, consistency, ...params }, statements ?? (await shown(rig, params.resource)));
};

export const handOver = async (rig: Rig, from: Side, to: Side, resource = sourceOf(rig)) => {
  const released = await release(rig, from, resource);
  await adopt(rig, to, released, { from: from.id, resource });
  return released;
};

/** Another task on these parts, which everybody agrees to. */
export const agreed = async (rig: Rig, parts: c.Parts): Promise<string> => {
  const task = await rig.newTask({}, parts);
  await rig.authorise(task);
  return task;
};

/** @returns the enclave's statement */
export const runAt = async (rig: Rig, side: Side, task: string): Promise<string> => {
  await side.follow();
  return (await side.call("run", { task, details: rig.details }, await shown(rig, task))).statement;
};
