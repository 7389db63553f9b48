/** By which key this person acts here: one that the browser keeps, one opened for the page, or the platform's. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import type { Identity } from "../../sdk/acts.ts";
import type { Client } from "../../sdk/client.ts";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import type { Keyring } from "./backup.ts";
import { founded, type Kept, keep, keptOf, signerOf } from "./keeper.ts";

/** `unfounded`: the organisation is on no ledger yet; `absent`: it is, and its key is not here. */
export type KeyState = "waiting" | "unfounded" | "managed" | "kept" | "opened" | "absent";

export interface Acting {
  readonly state: KeyState;
  /** Signs acts as `state` says. */
  readonly client: Client;
  /** Stream id of the organisation. */
  readonly me: string | undefined;
  /** Of the kept or opened leaf, DER in base64. */
  readonly certificate: string | undefined;
  /** Keeps a key that was made or opened here, in this browser. */
  keepKey(keyring: Keyring, by?: string): Promise<Kept>;
  /** For as long as the page lasts. */
  openKey(signer: Identity): void;
  /** The organisation of the kept key is on the ledger now. */
  noteFounded(kept: Kept, by: string): Promise<void>;
}

const Context = createContext<Acting | undefined>(undefined);

export const IdentityProvider = ({ children }: { children: ReactNode }) => {
  const { account, client: asking, clientOf } = useSession();
  const queries = useQueryClient();
  const [opened, setOpened] = useState<Identity>();
  const accountId = account?.id ?? "";
  const me = account?.member ?? undefined;
  const { data: kept, isPending } = useQuery({
    queryKey: ["identity", accountId],
    queryFn: async () => (await keptOf(accountId)) ?? null,
    enabled: accountId !== "",
  });
  const organisation = useView("organisations", "get", { id: me ?? "" }, { enabled: me !== undefined });
  const value = useMemo<Acting>(() => {
    const reread = () => queries.invalidateQueries({ queryKey: ["identity", accountId] });
    const state = stateOf();
    const signer = state === "kept" && kept ? signerOf(kept) : state === "opened" ? opened : undefined;
    return {
      state,
      me,
      client: signer ? clientOf(signer) : asking,
      certificate: state === "kept" ? kept?.certificate : undefined,
      async keepKey(keyring, by) {
        const now = await keep(accountId, keyring, by);
        await reread();
        return now;
      },
      openKey: setOpened,
      async noteFounded(key, by) {
        await founded(key, by);
        await reread();
      },
    };
    function stateOf(): KeyState {
      if (accountId === "") return "unfounded";
      if (me === undefined) return "unfounded";
      if (isPending || organisation.isPending) return "waiting";
      if (organisation.data?.managed) return "managed";
      if (kept?.by === me) return "kept";
      return opened ? "opened" : "absent";
    }
  }, [accountId, asking, clientOf, isPending, kept, me, opened, organisation.data, organisation.isPending, queries]);
  return <Context value={value}>{children}</Context>;
};

export const useActing = (): Acting => {
  const found = useContext(Context);
  if (!found) throw new Error("there is no IdentityProvider");
  return found;
};
