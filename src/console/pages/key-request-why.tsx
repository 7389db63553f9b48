/** Which policies said no. The ledger has the code alone: the group's policies are asked again, by the nodes' own code. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { ShownRequest as Request } from "../parts/key-shapes.ts";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

const DAY = 86_400_000;
const PAGE = 100;
/** Pages of requests since then: nobody waits for more. */
const PAGES = 5;

export const Why = ({ of: { stream, group, createdAt } }: { of: Request }) => {
  const t = useWords();
  const { client, permissions } = useSession();
  const { data } = useQuery({
    queryKey: ["keyRequests", "why", stream],
    queryFn: async () => {
      const { policies } = await client.keyGroups.get({ id: group.stream });
      const days = Math.min(366, 1 + Math.ceil((Date.now() - Date.parse(createdAt)) / DAY));
      for (let page = 1; page <= PAGES; page++) {
        const input = { id: group.stream, policies: [...policies], days, page, pageSize: PAGE };
        const { items, total } = await client.keyGroups.simulate(input);
        const found = items.find(({ request }) => request.stream === stream);
        if (found || page * PAGE >= total) return found ?? null;
      }
      return null;
    },
    enabled: permissions.has("key.govern"),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data || data.after === "allowed") return null;
  return (
    <div className="row" style={{ marginBottom: 4 }}>
      <span>
        {data.decidedBy.length > 0
          ? t("With the approvals it had, these said no:", "按当时的审批情况，禁止该操作的策略：")
          : t(data.reason)}
      </span>
      {data.decidedBy.map((policy) => (
        <Link key={policy} to={`/policies?group=${group.id}`} className="mono">
          {policy}
        </Link>
      ))}
    </div>
  );
};
