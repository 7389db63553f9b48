/** What a payment will say: as it was written, with what the platform's node suggests for the rest. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { GWEI_PLACES, unitsOf, writtenOf } from "../../sdk/workflows/amounts.ts";
import { pathOf } from "../parts/key-path.ts";
import { refusalOf, useView } from "../views.ts";

export interface Given {
  readonly key?: string;
  readonly path?: string;
  readonly to?: string;
  readonly value?: string;
  readonly chainId?: number;
  readonly nonce?: number | null;
  readonly gas?: number | null;
  readonly maxFee?: string;
  readonly tip?: string;
  readonly data?: string;
  readonly note?: string;
  readonly hours?: number;
}

/** What is taken where nothing is written. */
export interface Suggested {
  readonly chainId?: number;
  readonly nonce?: number;
  readonly gas: number;
  readonly maxFee: string;
  readonly tip: string;
}

/** Ether with at most eighteen places, gwei with nine. */
export const AMOUNT = /^\d{1,30}(\.\d{1,18})?$/;
export const FEE = /^\d{1,12}(\.\d{1,9})?$/;
export const DATA = /^\s*(0x)?([0-9a-fA-F]{2})*\s*$/;
/** Of what a transaction is counted and charged by, from and to. */
export const NONCE = [0, Number.MAX_SAFE_INTEGER] as const;
export const GAS = [21_000, 60_000_000] as const;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
/** Of a payment to somebody who is no contract. */
const [PLAIN_GAS] = GAS;
const SETTLES = 400;
const AGAIN = 15_000;

const counts = (n: number | undefined): boolean => n !== undefined && Number.isSafeInteger(n) && n >= 0;

export const dataOf = (written = ""): string => written.trim().replace(/^0x/i, "").toLowerCase();

/** The value once it has not changed for a moment. */
const useSettled = <T>(value: T, name: string): { readonly value: T; readonly settled: boolean } => {
  const [kept, keep] = useState({ value, name });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a value is told from another by its name
  useEffect(() => {
    const timer = setTimeout(() => keep({ value, name }), SETTLES);
    return () => clearTimeout(timer);
  }, [name]);
  return { value: kept.value, settled: kept.name === name };
};

interface Account {
  readonly scheme: "ECDSA_K1";
  readonly publicKey: string | null;
  readonly chainCode: string | null;
}

/** The address that pays: the key's, or that of its child. */
const useSender = (account: Account | undefined, path: readonly number[] | undefined): string | undefined => {
  const { data } = useQuery({
    queryKey: ["sender", account?.publicKey, path],
    queryFn: async () => {
      const { addressOfPoint, publicKeyAt } = await import("../../sdk/workflows/child-key.ts");
      return addressOfPoint(publicKeyAt(account as Account, path ?? []));
    },
    enabled: account?.publicKey !== undefined && account.publicKey !== null && path !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
};

/** @param given what stands in the form now */
export const usePrepared = (given: Given, account: Account | undefined) => {
  const from = useSender(account, pathOf(given.path));
  const to = ADDRESS.test(given.to?.trim() ?? "") ? given.to?.trim() : undefined;
  const value = AMOUNT.test(given.value?.trim() ?? "") ? String(unitsOf(given.value ?? "")) : "0";
  const data = DATA.test(given.data ?? "") ? dataOf(given.data) : "";
  const now = { from: from ?? "", ...(to !== undefined && { to }), value, data };
  const asked = useSettled(now, JSON.stringify(now));
  const read = useView("ethereum", "prepare", asked.value, { enabled: asked.value.from !== "", every: AGAIN });
  const node = read.error ? undefined : read.data;
  const suggested: Suggested = node
    ? {
        ...{ chainId: node.chainId, nonce: node.nonce, gas: node.gas ?? PLAIN_GAS },
        maxFee: writtenOf(BigInt(node.maxFee), GWEI_PLACES),
        tip: writtenOf(BigInt(node.tip), GWEI_PLACES),
      }
    : { gas: PLAIN_GAS, maxFee: "30", tip: "1" };
  return {
    ...{ from, node, suggested },
    /** There is none: all is written by hand, and the transaction is sent elsewhere. */
    manual: read.error !== null,
    failure: read.error && refusalOf(read.error).code !== "ethereum.no-node" ? read.error : undefined,
    retry: () => void read.refetch(),
    /** What is suggested is for what stands in the form. */
    settled: asked.settled && (read.error !== null || (node !== undefined && !read.isPlaceholderData)),
  };
};

/** What would be signed: the bytes, and what they say; undefined while something is missing. */
export const useUnsigned = (given: Given, suggested: Suggested, publicKey: string | null | undefined) => {
  const chainId = suggested.chainId ?? given.chainId;
  const nonce = given.nonce ?? suggested.nonce;
  const written = {
    ...{ chainId, nonce, to: given.to?.trim() ?? "", data: dataOf(given.data) },
    value: String(unitsOf(given.value ?? "") ?? ""),
    gas: given.gas ?? suggested.gas,
    maxFee: String(unitsOf(given.maxFee || suggested.maxFee, GWEI_PLACES) ?? ""),
    tip: String(unitsOf(given.tip || suggested.tip, GWEI_PLACES) ?? ""),
  };
  const { value, gas, maxFee, tip, to, data } = written;
  const whole =
    chainId !== undefined &&
    counts(nonce) &&
    counts(gas) &&
    ADDRESS.test(to) &&
    DATA.test(data) &&
    [value, maxFee, tip].every((one) => one !== "");
  return useQuery({
    queryKey: ["unsigned", written, publicKey],
    queryFn: async () => {
      const [{ isAddress, unsignedPayment }, { readMessage }] = await Promise.all([
        import("../../sdk/workflows/payment.ts"),
        import("../../sdk/workflows/read-message.ts"),
      ]);
      if (!isAddress(to)) return null;
      const hex = unsignedPayment({
        ...{ chainId: chainId ?? 0, to, data, nonce: BigInt(nonce ?? 0), gas: BigInt(gas) },
        ...{ value: BigInt(value), maxFee: BigInt(maxFee), tip: BigInt(tip) },
      });
      const read = readMessage({ scheme: "ECDSA_K1", publicKey: publicKey ?? null }, { kind: "transaction", hex }, 1);
      return { hex, read, cost: BigInt(value) + BigInt(gas) * BigInt(maxFee) };
    },
    enabled: whole && Boolean(publicKey),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
};
