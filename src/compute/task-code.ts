/** Which code a task runs, and which code of the same model whoever asks agreed to last. */
import { iso } from "../base/clock.ts";
import type { tasks } from "../contract/tasks.ts";
import type { Ledger } from "../ledger/port.ts";
import { model } from "../rules/model.ts";
import { source } from "../rules/source.ts";
import { modelAuthorised, receiverAuthorised, sourceAuthorised, task } from "../rules/task.ts";
import type { Task } from "../rules/task-state.ts";
import { streamOf } from "../rules/world.ts";
import type { Asker, Readable } from "../spine/access.ts";
import type { Answer, PillarDeps } from "../spine/show.ts";
import { parseStatement } from "../trust/statement.ts";
import { versionOf } from "./model-versions.ts";

type Code = Answer<(typeof tasks)["code"]["output"]>;
type Approved = NonNullable<Code["approved"]>;
/** With when it was given, by the ledger's time. */
type Consent = Omit<Approved, "at" | "statement"> & { readonly time: number; statement(): Promise<string> };

export const createTaskCode =
  ({ ledger, access, views }: Pick<PillarDeps, "ledger" | "access" | "views">) =>
  async (asker: Asker, { id }: { id: string }): Promise<Code> => {
    const found = await access.read(asker, task, id);
    const { stream, archive, envelope } = found.state.definition.model;
    const code = streamOf(ledger.world, model, stream);
    if (!code) throw new Error(`the ledger has no model ${stream}`);
    const version = await versionOf(ledger, { id: stream, stream: code, state: code.state }, archive);
    return {
      id: found.state.id,
      stream: found.id,
      model: stream,
      archive: version.archive,
      open: !envelope,
      approved: await approvedBefore(ledger, views, found, asker.member ?? ""),
    };
  };

const approvedBefore = async (
  ledger: Ledger,
  views: PillarDeps["views"],
  now: Readable<Task>,
  me: string,
): Promise<Approved | null> => {
  const { stream } = now.state.definition.model;
  const { mine, time: decided } = decisionOf(ledger, now.state, me);
  const granted = mine.length > 0 && mine.every(({ grant }) => grant !== undefined);
  const until = decided || (granted ? now.state.created : Number.POSITIVE_INFINITY);
  const { tasks, sources } = await views.consenting(me, stream);
  const earlier = [
    ...tasks.filter((one) => one !== now.id).flatMap((one) => consentIn(ledger, one, me)),
    ...sources.flatMap((one) => grantsOf(ledger, one, stream)),
  ].filter(({ time }) => time <= until);
  const [first, ...others] = earlier;
  if (!first) return null;
  const { time, statement, ...last } = others.reduce((a, b) => (b.time > a.time ? b : a), first);
  return { ...last, statement: await statement(), at: iso(time) };
};

const CONSENTS = [receiverAuthorised.name, sourceAuthorised.name, modelAuthorised.name];

/** The member's own sources in a task, and when it agreed to the task itself; 0 where it did not, or took it back. */
const decisionOf = (ledger: Ledger, task: Task, me: string) => {
  const { definition, providers, decided, modelOwner, ended } = task;
  const mine = definition.sources.filter(({ stream }) => streamOf(ledger.world, source, stream)?.state.owner === me);
  const times = [
    // Where grants stand for all of them, its time is the task's own.
    mine.some(({ grant }) => grant === undefined) ? (providers.get(me) ?? 0) : 0,
    definition.receiver === me ? decided.receiver : 0,
    modelOwner === me ? decided.model : 0,
  ];
  return { mine, time: ended?.by === me ? 0 : Math.max(...times) };
};

const consentIn = (ledger: Ledger, stream: string, me: string): Consent[] => {
  const state = streamOf(ledger.world, task, stream)?.state;
  const time = state ? decisionOf(ledger, state, me).time : 0;
  if (!state || time === 0) return [];
  const statement = async () => {
    const entries = await Promise.all(ledger.positions(stream).map((index) => ledger.entry(index)));
    const mine = entries.filter(({ jws }) => {
      const { by, kind } = parseStatement(jws).statement;
      return by === me && CONSENTS.includes(kind);
    });
    return mine.at(-1)?.statement ?? "";
  };
  return [{ kind: "task", id: state.id, stream, archive: state.definition.model.archive, time, statement }];
};

const grantsOf = (ledger: Ledger, stream: string, model: string): Consent[] => {
  const state = streamOf(ledger.world, source, stream)?.state;
  const standing = [...(state?.grants ?? [])].filter(([, one]) => one.model === model && !one.withdrawn);
  if (!state || standing.length === 0) return [];
  const times = new Map(
    ledger.positions(stream).flatMap((index) => {
      const [leaf] = ledger.leaves(index, index + 1);
      return leaf ? [[leaf.statement, leaf.time] as const] : [];
    }),
  );
  return standing.map(([grant, { archive }]) => ({
    kind: "grant",
    id: state.id,
    stream,
    archive,
    time: times.get(grant) ?? 0,
    statement: async () => grant,
  }));
};
