/** The group's nodes by site, with their health; each verified here, by fresh evidence, when asked for. */
import { useMutation } from "@tanstack/react-query";
import { Button, Popconfirm, Tag, Tooltip } from "antd";
import type { z } from "zod";
import type { KeyNode } from "../../contract/key-nodes.ts";
import { pinKeyNode, verifyTrustedNode } from "../identity/trusted-key-nodes.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { administers, type ShownGroup as Group } from "../parts/key-shapes.ts";
import { NodeTag } from "../parts/keys.tsx";
import { Loaded } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { refusalOf, useView } from "../views.ts";

type Node = z.output<typeof KeyNode>;
/** The host that it is reached at. */
const siteOf = ({ address }: Node): string => address?.replace(/:\d+$/, "") ?? "—";
const EVERY = 10_000;

export const Nodes = ({ of: group }: { of: Group }) => {
  const { nodes } = group;
  const t = useWords();
  const read = useView("keyNodes", "list", { pageSize: 100 }, { every: EVERY });
  const members = new Set(nodes.map(({ stream }) => stream));
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Nodes ({n})", "节点（共 {n} 个）", { n: nodes.length })}</h2>
      <Loaded of={read}>
        {({ items }) => {
          const own = items.filter(({ stream }) => members.has(stream));
          const sites = new Set(own.map(siteOf));
          return (
            <>
              {own.length > 1 && sites.size === 1 && (
                <span className="muted">
                  {t(
                    "All nodes are at one site: without hardware isolation, its operator can read every share.",
                    "全部节点位于同一站点：若无硬件隔离，该站点的运营方可读取全部分片。",
                  )}
                </span>
              )}
              <PlainTable<Node>
                keyOf={({ stream }) => stream}
                rows={[...own].sort((a, b) => siteOf(a).localeCompare(siteOf(b)) || a.tag.localeCompare(b.tag))}
                columns={[
                  { title: t("Node", "节点"), cell: (node) => <NodeTag of={node} /> },
                  { title: t("Site", "站点"), cell: (node) => <span className="mono">{siteOf(node)}</span> },
                  { title: t("Attestation", "远程证明"), cell: (node) => <Attested of={node} /> },
                  { title: t("Program", "程序度量值"), cell: (node) => <Id>{node.measurement}</Id> },
                  { title: t("Verified here", "本浏览器验证"), cell: (node) => <Verify of={node} /> },
                  ...(administers(group)
                    ? [
                        {
                          title: t("If shut out by other nodes", "若被其他节点拒绝"),
                          cell: (node: Node) => <LetIn of={node} group={group.stream} />,
                        },
                      ]
                    : []),
                ]}
              />
            </>
          );
        }}
      </Loaded>
    </section>
  );
};

/** Nodes shut out whoever's messages failed checks, each for itself; administrators have them begin anew with it. */
const LetIn = ({ of: { stream, tag }, group }: { of: Node; group: string }) => {
  const t = useWords();
  const notice = useNotice();
  const propose = useAct(
    ({ client }) => client.keyGroups.propose(group, { change: { pardons: [stream] } }),
    () => notice(t("Proposed.", "已提议。")),
  );
  return (
    <div className="stack" style={{ gap: 8, maxWidth: 420, whiteSpace: "normal", alignItems: "start" }}>
      <Popconfirm
        placement="topRight"
        title={t("Let {tag} in again?", "重新接纳 {tag}？", { tag })}
        description={t(
          "The others shut it out once its messages failed their checks. Find out why first.",
          "其消息未通过校验时，其他节点会停止与其协作。请先查明原因。",
        )}
        okText={t("Propose and sign", "提议并签名")}
        onConfirm={() => propose.mutate()}
      >
        <SignButton type="default" size="small" loading={propose.isPending}>
          {t("Let in again…", "重新接纳…")}
        </SignButton>
      </Popconfirm>
      {propose.error && <Failure error={propose.error} />}
    </div>
  );
};

export const Attested = ({ of: { hardware, provider, proves, doesNotProve } }: { of: Node }) => {
  const t = useWords();
  return (
    <Tooltip title={`${t(proves)} ${t(doesNotProve)}`}>
      <Tag color={hardware ? "success" : "warning"}>{hardware ? provider : t("Simulated", "模拟")}</Tag>
    </Tooltip>
  );
};

const Verify = ({ of: node }: { of: Node }) => {
  const t = useWords();
  const { client } = useSession();
  const verify = useMutation({ mutationFn: () => verifyTrustedNode(client, node.stream) });
  // The program that its own statement names, not the one that the list shows.
  const trust = useMutation({
    async mutationFn() {
      const { verifyKeyNode } = await import("../../sdk/workflows/verify-key-node.ts");
      pinKeyNode(await verifyKeyNode(client, node.stream, { enclaves: "any" }));
    },
    onSuccess: () => verify.mutate(),
  });
  const untrusted = verify.error && refusalOf(verify.error).code === "enclave.untrusted";
  return (
    <div className="stack" style={{ gap: 8, maxWidth: 420, whiteSpace: "normal" }}>
      <span className="row">
        <Button size="small" loading={verify.isPending} disabled={!node.running} onClick={() => verify.mutate()}>
          {t("Verify", "验证")}
        </Button>
        {verify.data && (
          <Tag color={verify.data.hardware ? "success" : "warning"}>
            {verify.data.hardware
              ? t("valid; has followed {n} {n|entry|entries}", "通过；已跟随 {n} 条账本记录", {
                  n: verify.data.followed.size,
                })
              : t("valid (simulated); has followed {n} {n|entry|entries}", "通过（模拟）；已跟随 {n} 条账本记录", {
                  n: verify.data.followed.size,
                })}
          </Tag>
        )}
      </span>
      {(trust.error ?? verify.error) && <Failure error={trust.error ?? verify.error} />}
      {untrusted && (
        <Button size="small" loading={trust.isPending} onClick={() => trust.mutate()}>
          {t("Trust this program from now on", "信任该程序")}
        </Button>
      )}
    </div>
  );
};
