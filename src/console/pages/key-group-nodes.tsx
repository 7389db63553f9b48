/** The group's nodes by site, with their health; each verified here, by fresh evidence, when asked for. */
import { useMutation } from "@tanstack/react-query";
import { Button, Table, Tag, Tooltip } from "antd";
import type { z } from "zod";
import type { KeyNode } from "../../contract/key-nodes.ts";
import { pinKeyNode, verifyTrustedNode } from "../identity/trusted-key-nodes.ts";
import type { ShownGroup as Group } from "../parts/key-shapes.ts";
import { NodeTag } from "../parts/keys.tsx";
import { Loaded } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { refusalOf, useView } from "../views.ts";

type Node = z.output<typeof KeyNode>;
/** The host that it is reached at. */
const siteOf = ({ address }: Node): string => address?.replace(/:\d+$/, "") ?? "—";
const EVERY = 10_000;

export const Nodes = ({ of: { nodes } }: { of: Group }) => {
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
                    "All of them are at one site: whoever runs it reads all shares, unless hardware keeps them apart.",
                    "全部节点位于同一站点：若无硬件隔离，该站点的运营方可读取全部分片。",
                  )}
                </span>
              )}
              <Table<Node>
                size="small"
                rowKey="stream"
                pagination={false}
                scroll={{ x: "max-content" }}
                dataSource={[...own].sort((a, b) => siteOf(a).localeCompare(siteOf(b)) || a.tag.localeCompare(b.tag))}
                columns={[
                  { title: t("Node", "节点"), render: (_, node) => <NodeTag of={node} /> },
                  { title: t("Site", "站点"), render: (_, node) => <span className="mono">{siteOf(node)}</span> },
                  { title: t("Attestation", "远程证明"), render: (_, node) => <Attested of={node} /> },
                  { title: t("Program", "程序度量值"), render: (_, node) => <Id>{node.measurement}</Id> },
                  { title: t("Checked here", "本浏览器验证"), render: (_, node) => <Verify of={node} /> },
                ]}
              />
            </>
          );
        }}
      </Loaded>
    </section>
  );
};

export const Attested = ({ of: { hardware, provider, proves, doesNotProve } }: { of: Node }) => {
  const t = useWords();
  return (
    <Tooltip title={`${t(proves)} ${t(doesNotProve)}`}>
      <Tag color={hardware ? "success" : "warning"}>{hardware ? provider : t("simulated", "模拟")}</Tag>
    </Tooltip>
  );
};

const Verify = ({ of: node }: { of: Node }) => {
  const t = useWords();
  const { client } = useSession();
  const verify = useMutation({ mutationFn: () => verifyTrustedNode(client, node.stream) });
  const untrusted = verify.error && refusalOf(verify.error).code === "enclave.untrusted";
  return (
    <div className="stack" style={{ gap: 8, maxWidth: 420, whiteSpace: "normal" }}>
      <span className="row">
        <Button size="small" loading={verify.isPending} disabled={!node.running} onClick={() => verify.mutate()}>
          {t("Verify", "验证")}
        </Button>
        {verify.data && (
          <Tag color={node.hardware ? "success" : "warning"}>
            {node.hardware
              ? t("holds; has followed {n} entries", "通过；已跟随 {n} 条账本记录", { n: verify.data.followed.size })
              : t("holds (simulated); has followed {n} entries", "通过（模拟）；已跟随 {n} 条账本记录", {
                  n: verify.data.followed.size,
                })}
          </Tag>
        )}
      </span>
      {verify.error && <Failure error={verify.error} />}
      {untrusted && (
        <Button
          size="small"
          onClick={() => {
            pinKeyNode(node);
            verify.mutate();
          }}
        >
          {t("Trust this program from now on", "信任该程序")}
        </Button>
      )}
    </div>
  );
};
