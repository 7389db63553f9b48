/**
 * Where this enclave may connect to, as its operator says: databases and object stores, which the envelopes of others
 * name. One list for the whole program, set before anything is opened; without one it may connect to all.
 */
import { type LookupAddress, lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { refuse } from "./errors.ts";

interface Allowed {
  /** These hosts, and all below them. */
  readonly names: readonly string[];
  readonly addresses: BlockList;
}
let allowed: Allowed | undefined;

const NAME = /^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$/;

/**
 * @param entries host names, which stand for what is below them too, and addresses or blocks of them (CIDR); none: all
 * @throws Refusal enclave.networks
 */
export const restrictNetwork = (entries: readonly string[]): void => {
  const names: string[] = [];
  const addresses = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix, ...more] = entry.split("/");
    const family = isIP(address);
    const bits = prefix ?? String(family === 4 ? 32 : 128);
    if (family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
      addresses.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
    else if (family === 0 && NAME.test(entry.toLowerCase())) names.push(entry.toLowerCase());
    else throw refuse("enclave.networks", { entry });
  }
  allowed = entries.length > 0 ? { names, addresses } : undefined;
};

/**
 * What a connection to this host has to be made with: only the very addresses that were compared are connected to.
 * @param host a name or an address
 * @throws Refusal enclave.network; a lookup fails with it too where it finds no address of the list, or none at all:
 *   names of another network may be known only there
 */
export const routeTo = (host: string): { lookup?: LookupFunction } => {
  if (!allowed) return {};
  const { names, addresses } = allowed;
  const name = host.toLowerCase().replace(/\.$/, "");
  const family = isIP(host);
  if (family !== 0) {
    if (!holds(addresses, { address: host, family })) throw refuse("enclave.network");
    return {};
  }
  if (names.some((one) => name === one || name.endsWith(`.${one}`))) return {};
  if (addresses.rules.length === 0) throw refuse("enclave.network");
  return { lookup: within(addresses) };
};

const holds = (addresses: BlockList, { address, family }: LookupAddress): boolean =>
  addresses.check(address.replace(/%.*$/, ""), family === 4 ? "ipv4" : "ipv6");

const within =
  (addresses: BlockList): LookupFunction =>
  (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const [first, ...rest] = error ? [] : found.filter((one) => holds(addresses, one));
      if (!first) callback(refuse("enclave.network"), "", 0);
      else if (options.all) callback(null, [first, ...rest]);
      else callback(null, first.address, first.family);
    });
  };
