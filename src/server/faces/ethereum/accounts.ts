/** Accounts: the addresses of the asker's keys on Ethereum's curve. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, fromHex, toHex } from "../../../base/bytes.ts";
import { addressOf } from "../../../keys/public-key.ts";
import type { KeyService } from "../../../keys/service.ts";
import type { Asker } from "../../../spine/access.ts";
import { CODES, RpcError } from "./errors.ts";

export interface Account {
  /** With the capitals of EIP-55. */
  readonly address: string;
  /** Id of its key. */
  readonly key: string;
  /** Encoded point, hex. */
  readonly publicKey: string;
}

const PAGE = 100;

export const createAccounts = (service: KeyService, asker: Asker) => {
  /** By address in lower case: a key never changes its own. */
  const known = new Map<string, Account>();

  /** Of keys that sign now. */
  const list = async (): Promise<Account[]> => {
    const found: Account[] = [];
    for (let page = 1, full = true; full; page++) {
      const { items } = await service.keys(asker, { page, pageSize: PAGE });
      full = items.length === PAGE;
      for (const { id, scheme, status, publicKey = "" } of items) {
        const address = status === "enabled" && publicKey !== "" ? addressOf(scheme, publicKey) : null;
        if (address !== null) found.push({ address, key: id, publicKey });
      }
    }
    for (const account of found) known.set(account.address.toLowerCase(), account);
    return found;
  };

  return {
    list,
    /** Of a key that signs now. */
    ofKey: async (key: string): Promise<Account | undefined> => (await list()).find((one) => one.key === key),
    /** @throws RpcError where none of the keys that sign has this address */
    async find(address: string): Promise<Account> {
      const wanted = address.toLowerCase();
      if (!known.has(wanted)) await list();
      const found = known.get(wanted);
      if (!found)
        throw new RpcError(CODES.input, `There is no account ${address} here. eth_accounts names those there are.`);
      return found;
    },
  };
};

/** Of R's y: what makes an address of a signature (SEC 1 section 4.1.6). @param signature r || s */
export const parityOf = (signature: Uint8Array, digest: Uint8Array, publicKey: string): 0 | 1 => {
  for (const parity of [0, 1] as const) {
    const recovered = secp256k1.recoverPublicKey(concat(Uint8Array.of(parity), signature), digest, { prehash: false });
    if (toHex(recovered) === publicKey) return parity;
  }
  throw new Error("a signature of another key");
};

/** r || s || v with v 27 or 28, as eth_sign gives it. */
export const withRecovery = (signature: string, digest: Uint8Array, publicKey: string): string =>
  `0x${signature}${toHex(Uint8Array.of(27 + parityOf(fromHex(signature), digest, publicKey)))}`;
