/** Enclaves (可信执行环境): public, so that anybody can verify before sealing. */

import type { Clock } from "../base/clock.ts";
import { iso } from "../base/clock.ts";
import type { Enclave as Answer } from "../contract/enclaves.ts";
import { replayable } from "../evidence/export.ts";
import type { Ledger } from "../ledger/port.ts";
import { enclave } from "../rules/enclave.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { signStructureRequest } from "../rules/structure-request.ts";
import { streamOf } from "../rules/world.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import { type Asker, requireMember } from "./access.ts";
import { type Answer as Of, timesOf } from "./deps.ts";
import type { EnclaveHost } from "./enclave-host.ts";
import { refuse } from "./errors.ts";
import type { ManagedKeys } from "./managed-keys.ts";

export interface EnclavesDeps {
  readonly ledger: Ledger;
  readonly host: EnclaveHost;
  readonly managed: Pick<ManagedKeys, "find">;
  readonly clock: Clock;
}

interface DescribeInput {
  readonly id: string;
  readonly request?: string | undefined;
  readonly envelope?: string | undefined;
  readonly type?: string | undefined;
}

export const createEnclaves = ({ ledger, host, managed, clock }: EnclavesDeps) => {
  const show = async (id: string): Promise<Of<typeof Answer>> => {
    const stream = streamOf(ledger.world, enclave, id);
    const verifier = attestationVerifiers[stream?.state.provider ?? ""];
    const [founding] = ledger.positions(id);
    if (!stream || !verifier || founding === undefined) throw refuseRule("stream.unknown", { id });
    const { measurement, provider, signingKey, encryptionKey, isolation, ledger: followed } = stream.state;
    return {
      id,
      stream: id,
      head: stream.head,
      statement: (await ledger.entry(founding)).jws,
      measurement,
      provider,
      signingKey,
      encryptionKey,
      hardware: verifier.hardware,
      isolation,
      ledger: followed,
      proves: verifier.proves,
      doesNotProve: verifier.doesNotProve,
      createdAt: iso(timesOf(ledger, id).created),
    };
  };

  const signManaged = async (
    { accountId }: Asker,
    {
      envelope,
      type,
      ...about
    }: { enclave: string; by: string; envelope?: string | undefined; type?: string | undefined },
  ): Promise<string> => {
    const signer = accountId ? await managed.find(accountId, about.by) : undefined;
    if (!signer || !envelope || !type) throw refuse("managed.absent");
    return signStructureRequest(signer, { ...about, envelope, type }, clock.now());
  };

  return {
    show,
    /** The enclave that runs now, then those that ran before. */
    async list() {
      const current = await host.start();
      const others = [...ledger.world.streams].filter(([id, { book }]) => book === enclave.name && id !== current);
      return { items: await Promise.all([current, ...others.map(([id]) => id)].map(show)) };
    },
    get: (_: Asker, { id }: { id: string }) => show(id),
    async attest(_: Asker, { id, nonce }: { id: string; nonce: string }) {
      await show(id);
      if (id !== (await host.start())) throw refuseRule("stream.unknown", { id });
      return { ...(await host.attest(nonce)), nonce, at: iso(clock.now()) };
    },
    /** The enclave itself checks that the request is the owner's. */
    async describe(asker: Asker, { id, request, ...about }: DescribeInput) {
      const member = requireMember(asker);
      if (id !== (await host.start())) throw refuseRule("stream.unknown", { id });
      return host.describe(request ?? (await signManaged(asker, { enclave: id, by: member, ...about })), (until) =>
        replayable(ledger, member, until),
      );
    },
  };
};
