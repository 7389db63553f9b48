/** 密钥节点管理 (pods): public, so that anybody can verify a node before its shares are made. */
import { type Clock, iso } from "../base/clock.ts";
import type { KeyNode as Answer } from "../contract/key-nodes.ts";
import { refuse as refuseRule } from "../rules/errors.ts";
import { keyNode } from "../rules/key-node.ts";
import { streamOf } from "../rules/world.ts";
import type { Asker } from "../spine/access.ts";
import { type Answer as Of, timesOf } from "../spine/show.ts";
import { attestationVerifiers } from "../trust/attestation/verify.ts";
import type { KeyNodes } from "./nodes.ts";
import type { ViewDeps } from "./view-deps.ts";

export interface KeyNodesDeps extends ViewDeps {
  readonly nodes: KeyNodes;
  readonly clock: Clock;
}

export const createKeyNodesApi = ({ ledger, presence, index, nodes, clock }: KeyNodesDeps) => {
  const resolve = (id: string): string => {
    const stream = ledger.world.ids.get(id) ?? id;
    if (!streamOf(ledger.world, keyNode, stream)) throw refuseRule("stream.unknown", { id });
    return stream;
  };
  const show = async (id: string): Promise<Of<typeof Answer>> => {
    const stream = streamOf(ledger.world, keyNode, id);
    const verifier = attestationVerifiers[stream?.state.provider ?? ""];
    const [founding] = ledger.positions(id);
    if (!stream || !verifier || founding === undefined) throw refuseRule("stream.unknown", { id });
    const { state } = stream;
    const moved = presence.movedAt(id);
    return {
      id: state.tag,
      stream: id,
      head: stream.head,
      tag: state.tag,
      statement: (await ledger.entry(founding)).jws,
      measurement: state.measurement,
      components: state.components,
      provider: state.provider,
      hardware: verifier.hardware,
      running: presence.isUp(id),
      since: moved === undefined ? null : iso(moved),
      address: state.address || null,
      ledger: state.ledger,
      signingKey: state.signingKey,
      encryptionKey: state.encryptionKey,
      tlsKey: state.tlsKey,
      proves: verifier.proves,
      doesNotProve: verifier.doesNotProve,
      createdAt: iso(timesOf(ledger, id).created),
    };
  };

  return {
    /** Those that run first, each by its tag. */
    async list(
      _: Asker,
      { search = "", page, pageSize }: { search?: string | undefined; page: number; pageSize: number },
    ) {
      const words = search.toLowerCase();
      const found = [...index.nodes()]
        .map(presence.nameOf)
        .filter(({ tag, stream }) => `${tag} ${stream}`.toLowerCase().includes(words))
        .sort((a, b) => Number(b.running) - Number(a.running) || (a.tag < b.tag ? -1 : 1));
      const some = found.slice((page - 1) * pageSize, page * pageSize);
      return { items: await Promise.all(some.map(({ stream }) => show(stream))), total: found.length, page, pageSize };
    },
    get: async (_: Asker, { id }: { id: string }) => show(resolve(id)),
    create: async (_: Asker, { tag }: { tag: string }) => show(await nodes.create(tag)),
    async attest(_: Asker, { id, nonce }: { id: string; nonce: string }) {
      const fresh = await nodes.of(resolve(id)).attest(nonce);
      return { ...fresh, nonce, at: iso(clock.now()) };
    },
    async store(_: Asker, { id }: { id: string }) {
      const { store } = await nodes.of(resolve(id)).status();
      return { store };
    },
    challenge: async (_: Asker, { id, challenge }: { id: string; challenge: string }) =>
      nodes.of(resolve(id)).challenge(challenge),
  };
};
