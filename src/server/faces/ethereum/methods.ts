/** The methods that the signer answers itself; reading the chain is the node's business. */
import { z } from "zod";
import { sha256Hex } from "#crypto";
import { fromHex, toHex } from "../../../base/bytes.ts";
import { canonical } from "../../../base/canonical.ts";
import { type Clock, HOUR } from "../../../base/clock.ts";
import { createTurns } from "../../../base/turns.ts";
import type { KeyService } from "../../../keys/service.ts";
import { decodeTransaction, keccak, personalDigest, withSignature } from "../../../policy/ethereum.ts";
import { decodeTypedData } from "../../../policy/typed-data.ts";
import type { KeyMessage } from "../../../rules/key-messages.ts";
import type { Asker } from "../../../spine/access.ts";
import { type Account, createAccounts, parityOf, withRecovery } from "./accounts.ts";
import { CODES, RpcError } from "./errors.ts";
import { type Jobs, within } from "./jobs.ts";
import { Address, TransactionInput, unsignedOf } from "./transaction.ts";
import type { Upstream } from "./upstream.ts";

/** What a wallet asks to have signed. */
type WalletMessage = Extract<KeyMessage, { kind: "message" | "transaction" | "typed-data" }>;
const isOfWallet = (message: KeyMessage | undefined): message is WalletMessage =>
  message !== undefined && ["message", "transaction", "typed-data"].includes(message.kind);

export interface SignerOptions {
  readonly service: KeyService;
  readonly asker: Asker;
  readonly upstream: Upstream;
  readonly jobs: Jobs;
  readonly clock: Clock;
  /** How long an account's next transaction waits for the one before it, milliseconds. */
  readonly wait: number;
}

export type Method = (params: readonly unknown[]) => Promise<unknown>;

/** A call and what it is called in its request: method and digest of its params. */
interface Named {
  readonly method: string;
  readonly name: string;
}
const NOTE = /^((?:eth|personal)_[a-zA-Z_0-9]{1,32}) [0-9a-f]{64}$/;
const SENDS = "eth_sendTransaction";
const EXPIRES = HOUR;
const Data = z.string().regex(/^0x([0-9a-fA-F]{2})*$/, "0x and whole bytes in hexadecimal");

/** @throws RpcError CODES.params */
const read = <S extends z.ZodType>(schema: S, params: readonly unknown[]): z.output<S> => {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.map(String).join(".")}: ${message}`);
  throw new RpcError(CODES.params, `Invalid params: ${reasons.join("; ")}.`);
};

export const createMethods = ({ service, asker, upstream, jobs, clock, wait }: SignerOptions) => {
  const accounts = createAccounts(service, asker);
  /** One account's transactions are given their nonces and sent one after another. */
  const turns = new Map<string, ReturnType<typeof createTurns>>();
  const turnOf = (address: string) => {
    const turn = turns.get(address) ?? createTurns();
    turns.set(address, turn);
    return turn;
  };

  /** @returns r || s in hex, once the request is settled @throws RpcError, Refusal */
  const signatureOf = async (id: string): Promise<string> => {
    const { status, signatures, failure } = await service.settledRequest(asker, id, EXPIRES + 1);
    const [signature] = signatures;
    if (status === "completed" && signature !== undefined) return signature;
    const code = status === "refused" || status === "withdrawn" ? CODES.user : CODES.rejected;
    throw new RpcError(code, `The request ${id} is ${status}.`, { request: id, status, failure });
  };

  /** One that the node has already, since it was sent before this server was started again, is sent. */
  const send = async (raw: string): Promise<string> => {
    try {
      return String(await upstream("eth_sendRawTransaction", [raw]));
    } catch (error) {
      const hash = `0x${toHex(keccak(fromHex(raw.slice(2))))}`;
      const known = await upstream("eth_getTransactionByHash", [hash]).catch(() => null);
      if (known === null) throw error;
      return hash;
    }
  };
  /** What the method answers, once the request for the message is settled. */
  const resultOf = async (job: Named, account: Account, message: WalletMessage, id: string): Promise<string> => {
    const signature = await signatureOf(id);
    if (message.kind === "transaction") {
      const raw = signedTransaction(fromHex(message.hex), signature, account.publicKey);
      return job.method === SENDS ? send(raw) : raw;
    }
    const digest =
      message.kind === "typed-data" ? decodeTypedData(message.json).digest : personalDigest(fromHex(message.hex));
    return withRecovery(signature, digest, account.publicKey);
  };
  /** Asks for a signature; its note says which call it is for, so that a server started again goes on with it. */
  const sign = async (job: Named, account: Account, message: WalletMessage, requested: (id: string) => void) => {
    const asked = { key: account.key, messages: [message], expiresIn: EXPIRES, note: job.name };
    const { id } = await service.requestSignature(asker, asked);
    requested(id);
    return resultOf(job, account, message, id);
  };

  /** A job for one account, the same for the same params. */
  const jobOf = (
    method: string,
    params: readonly unknown[],
    work: (job: Named, requested: (id: string) => void) => Promise<string>,
  ) => {
    const job = { method, name: `${method} ${sha256Hex(canonical([method, params]))}` };
    return jobs.run(job.name, (requested) => work(job, requested));
  };

  const personal = async (method: string, params: readonly unknown[], address: string, data: string) => {
    const account = await accounts.find(address);
    const message = { kind: "message", hex: data.slice(2).toLowerCase() } as const;
    return jobOf(method, params, (job, requested) => sign(job, account, message, requested));
  };

  const signTransaction = async (
    job: Named,
    account: Account,
    tx: TransactionInput,
    given: object,
    requested: (id: string) => void,
  ) => {
    const { bytes } = await unsignedOf(tx, given, upstream);
    return sign(job, account, { kind: "transaction", hex: toHex(bytes) }, requested);
  };

  /** @throws RpcError for one that is meant for another chain than the node's */
  const requireChain = async ({ chainId }: TransactionInput): Promise<void> => {
    const found = BigInt((await upstream("eth_chainId", [])) as string);
    if (chainId !== undefined && chainId !== found)
      throw new RpcError(CODES.params, `The transaction is for chain ${chainId}, the node is of chain ${found}.`);
  };

  const methods: Readonly<Record<string, Method>> = {
    eth_accounts: async () => (await accounts.list()).map(({ address }) => address),
    eth_requestAccounts: async () => (await accounts.list()).map(({ address }) => address),

    eth_sign: (params) => {
      const [address, data] = read(z.tuple([Address, Data]), params);
      return personal("eth_sign", params, address, data);
    },
    /** Its third, a password, is of no use here. */
    personal_sign: (params) => {
      const [data, address] = read(z.tuple([Data, Address]).rest(z.unknown()), params);
      return personal("personal_sign", params, address, data);
    },

    async eth_signTypedData_v4(params) {
      const [address, given] = read(z.tuple([Address, z.union([z.string(), z.looseObject({})])]), params);
      const account = await accounts.find(address);
      const json = typeof given === "string" ? given : JSON.stringify(given);
      decodeTypedData(json);
      return jobOf("eth_signTypedData_v4", params, (job, requested) =>
        sign(job, account, { kind: "typed-data", json }, requested),
      );
    },

    async eth_signTransaction(params) {
      const [tx] = read(z.tuple([TransactionInput]), params);
      const account = await accounts.find(tx.from);
      return jobOf("eth_signTransaction", params, (job, requested) =>
        signTransaction(job, account, tx, params[0] as object, requested),
      );
    },

    async eth_sendTransaction(params) {
      const [tx] = read(z.tuple([TransactionInput]), params);
      if (tx.blobVersionedHashes)
        throw new RpcError(CODES.params, "Sign it with eth_signTransaction, add the blobs, and send it raw.");
      const account = await accounts.find(tx.from);
      await requireChain(tx);
      return jobOf(SENDS, params, async (job, requested) => {
        const send = () => signTransaction(job, account, tx, params[0] as object, requested);
        const sent = await turnOf(account.address)(async () => {
          const sending = send();
          // One that waits for people does not hold up the others.
          await within(
            sending.catch(() => undefined),
            wait,
          );
          return { sending };
        });
        return sent.sending;
      });
    },

    /** Where a request stands, and what came of it. */
    async entente_getRequest(params) {
      const [id] = read(z.tuple([z.string().min(1).max(300)]), params);
      const { status, approvals, failure = null } = await service.request(asker, id);
      const outcome = jobs.find(id)?.outcome;
      const result = outcome && "result" in outcome ? outcome.result : null;
      const error = outcome && "error" in outcome && outcome.error instanceof Error ? outcome.error.message : null;
      return { id, status, approvals, failure, result, error };
    },
  };
  return {
    methods,
    /** Goes on with what callers asked for before this server was started. */
    async resume(): Promise<void> {
      for (const { id, key, note, messages } of await service.pendingRequests(asker, clock.now() - EXPIRES)) {
        const [, method] = NOTE.exec(note) ?? [];
        const [message] = messages;
        const account = method && message ? await accounts.ofKey(key) : undefined;
        if (!method || !isOfWallet(message) || !account) continue;
        jobs.resume(note, id, () => resultOf({ method, name: note }, account, message, id));
      }
    },
  };
};

/** The signed transaction, as it is sent. */
const signedTransaction = (bytes: Uint8Array, signature: string, publicKey: string): string => {
  const parity = parityOf(fromHex(signature), decodeTransaction(bytes).digest, publicKey);
  return `0x${toHex(withSignature(bytes, fromHex(signature), parity))}`;
};
