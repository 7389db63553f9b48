/** What a request asks to be signed, by what its requester signed: what is shown of it is held to that first. */
import { useQuery } from "@tanstack/react-query";
import type { MessageRead } from "../../sdk/workflows/read-message.ts";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { useSession } from "../session.tsx";

type ReadOne =
  | { readonly read: MessageRead; readonly unreadable?: undefined }
  | { readonly read?: undefined; readonly unreadable: unknown };

/** The messages that the founding statement commits to, not those that the server shows beside. */
export const useRead = (request: Request) => {
  const { client } = useSession();
  return useQuery<readonly ReadOne[]>({
    queryKey: ["keyRequests", "read", request.stream],
    queryFn: async () => {
      const [{ readRequest }, { readMessage }] = await Promise.all([
        import("../../sdk/workflows/key-requests.ts"),
        import("../../sdk/workflows/read-message.ts"),
      ]);
      const [{ signed }, key] = await Promise.all([
        readRequest(client, request.id, request),
        client.keys.get({ id: request.key.stream }),
      ]);
      const publicKey = (signed.path ?? []).length > 0 ? request.publicKey : key.publicKey;
      return signed.messages.map((message, i) => {
        try {
          return { read: readMessage({ scheme: request.key.scheme, publicKey }, message, i + 1) };
        } catch (unreadable) {
          return { unreadable };
        }
      });
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
};
