/** Enclaves (可信执行环境): public, so that anybody can verify before sealing. */

import type { Clock } from "../base/clock.ts";
import { iso } from "../base/clock.ts";
import type { Enclave as Answer } from "../contract/enclaves.ts";
import { type PlacedEntry, replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { refuse as refusePlatform } from "../platform/errors.ts";
import { enclave } from "../rules/enclave.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { type Question, signStructureRequest } from "../rules/structure-request.ts";
import { streamOf } from "../rules/world.ts";
import { type Asker, requireMember } from "../spine/access.ts";
import { refuse as refuseSpine } from "../spine/errors.ts";
import type { ManagedKeys } from "../spine/managed-keys.ts";
import { type Answer as Of, timesOf } from "../spine/show.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import type { EnclaveHost } from "./enclave-host.ts";
import type { Fleet } from "./fleet.ts";

export interface EnclavesDeps {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly managed: Pick<ManagedKeys, "find">;
  readonly clock: Clock;
}

/** Questions for evidence that an account may have under way: a TPM takes a second for some, and all wait in one line. */
const PROOFS = 4;

/** Does the work, unless too much of the same asker's is under way. */
const createQueue = () => {
  const underWay = new Map<string, number>();
  return async <T>({ accountId }: Asker, work: () => Promise<T>): Promise<T> => {
    const asker = accountId ?? "";
    const count = underWay.get(asker) ?? 0;
    if (count >= PROOFS) throw refusePlatform("rate.limited", { seconds: 1 });
    underWay.set(asker, count + 1);
    try {
      return await work();
    } finally {
      const left = (underWay.get(asker) ?? 1) - 1;
      if (left > 0) underWay.set(asker, left);
      else underWay.delete(asker);
    }
  };
};

interface AskInput {
  readonly id: string;
  readonly request?: string | undefined;
  readonly envelope?: string | undefined;
  readonly type?: string | undefined;
}

export const createEnclaves = ({ ledger, fleet, managed, clock }: EnclavesDeps) => {
  const proving = createQueue();
  const show = async (id: string): Promise<Of<typeof Answer>> => {
    const stream = streamOf(ledger.world, enclave, id);
    const verifier = attestationVerifiers[stream?.state.provider ?? ""];
    const [founding] = ledger.positions(id);
    if (!stream || !verifier || founding === undefined) throw refuseRule("stream.unknown", { id });
    const { measurement, components, provider, signingKey, encryptionKey, isolation, ledger: followed } = stream.state;
    return {
      id,
      stream: id,
      head: stream.head,
      statement: (await ledger.entry(founding)).jws,
      measurement,
      components,
      provider,
      signingKey,
      encryptionKey,
      hardware: verifier.hardware,
      isolation,
      running: fleet.isUp(id),
      ledger: followed,
      proves: verifier.proves,
      doesNotProve: verifier.doesNotProve,
      createdAt: iso(timesOf(ledger, id).created),
    };
  };

  const signManaged = async (
    { accountId }: Asker,
    { envelope, type, ...about }: { use: Question; enclave: string; by: string } & Pick<AskInput, "envelope" | "type">,
  ): Promise<string> => {
    const signer = accountId ? await managed.find(accountId, about.by) : undefined;
    if (!signer || !envelope || !type) throw refuseSpine("managed.absent");
    return signStructureRequest(signer, { ...about, envelope, type }, clock.now());
  };

  const ask = async <R>(
    asker: Asker,
    use: Question,
    put: (host: EnclaveHost, request: string, gather: (until: number) => Promise<PlacedEntry[]>) => Promise<R>,
    { id, request, ...about }: AskInput,
  ): Promise<R> => {
    const member = requireMember(asker);
    const host = fleet.of(id);
    const signed = request ?? (await signManaged(asker, { use, enclave: id, by: member, ...about }));
    return put(host, signed, (until) => replayable(ledger, member, until));
  };

  return {
    show,
    /** The enclaves that run now, the first one first, then those that ran before. */
    async list() {
      await fleet.start();
      const current = fleet.streams();
      const others = [...ledger.world.streams].filter(
        ([id, { book }]) => book === enclave.name && !current.includes(id),
      );
      return { items: await Promise.all([...current, ...others.map(([id]) => id)].map(show)) };
    },
    get: (_: Asker, { id }: { id: string }) => show(id),
    async attest(asker: Asker, { id, nonce }: { id: string; nonce: string }) {
      await show(id);
      const fresh = await proving(asker, () => fleet.of(id).attest(nonce));
      return { ...fresh, nonce, at: iso(clock.now()) };
    },
    challenge: (asker: Asker, { id, challenge }: { id: string; challenge: string }) =>
      proving(asker, async () => fleet.of(id).challenge(challenge)),
    /** The enclave itself checks that the request is the owner's. */
    describe: (asker: Asker, input: AskInput) =>
      ask(asker, "entente/structure/1", (host, ...asked) => host.describe(...asked), input),
    async test(asker: Asker, input: AskInput) {
      await ask(asker, "entente/destination-test/1", (host, ...asked) => host.test(...asked), input);
      return { ok: true as const };
    },
  };
};
