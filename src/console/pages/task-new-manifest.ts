/** What an openly published model says of itself: its tables and parameters, read from its archive in this browser. */
import { useQuery } from "@tanstack/react-query";
import { z } from "zod";
import { fromUtf8 } from "../../base/bytes.ts";
import type { Client } from "../../sdk/client.ts";
import { useSession } from "../session.tsx";

/** The part of `entente.json` that a form is made of; the enclave reads the whole. */
const Manifest = z.object({
  tables: z.record(
    z.string(),
    z.object({ columns: z.record(z.string(), z.string()), description: z.string().optional() }),
  ),
  parameters: z
    .record(
      z.string(),
      z.object({
        type: z.enum(["number", "string", "boolean"]),
        default: z.union([z.number(), z.string(), z.boolean()]).optional(),
      }),
    )
    .default({}),
});
export type Manifest = z.output<typeof Manifest>;

interface Open {
  readonly stream: string;
  readonly open: boolean;
  readonly archive: { readonly digest: string };
}

const manifestOf = async (client: Pick<Client, "models">, { stream, archive }: Open): Promise<Manifest | null> => {
  const { readFiles } = await import("../../sdk/workflows/view-code.ts");
  const bytes = (await readFiles(client, stream, archive.digest)).get("entente.json");
  return bytes ? (Manifest.safeParse(JSON.parse(fromUtf8(bytes))).data ?? null) : null;
};

/** Null where the code is sealed, or says nothing that can be read: then names are typed. */
export const useManifest = (model: Open | undefined) => {
  const { client } = useSession();
  return useQuery({
    queryKey: ["manifest", model?.archive.digest],
    queryFn: () => (model?.open ? manifestOf(client, model) : null),
    enabled: model !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
};
