/** 管理主页: what waits for this person, and how the key service is. */
import { Alert, Table, Tag } from "antd";
import { Link } from "react-router";
import { codesOf, keyStateLabels } from "../../contract/state-labels.ts";
import { GroupLink, KeyLink, NodeTag, StateTag } from "../parts/keys.tsx";
import { WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Attested } from "./key-group-nodes.tsx";

const STATES = codesOf(keyStateLabels).filter((state) => state !== "deleted");

export const Page = () => {
  const t = useWords();
  const groups = useView("keyGroups", "list", { pageSize: 100 });
  const nodes = useView("keyNodes", "list", { pageSize: 100 }, { every: 10_000 });
  const waiting = useView("keyRequests", "list", { tab: "awaiting", pageSize: 5 });
  const up = nodes.data?.items.filter(({ running }) => running).length;
  const open = groups.data?.items.filter(({ awaitsYou }) => awaitsYou) ?? [];
  return (
    <Frame title={t("Key service", "管理主页")}>
      {groups.data?.total === 0 && (
        <Alert
          type="info"
          title={t(
            "Start with a group: it sets which nodes share your keys.",
            "请先新建群组：群组规定密钥分片所在的节点。",
          )}
          action={<Link to="/key-groups?new=1">{t("Create a group", "新建群组")}</Link>}
        />
      )}
      {open.map((group) => (
        <Alert
          key={group.id}
          type="warning"
          title={t("A change of {name} is waiting for your decision.", "群组【{name}】有变更待您处理。", {
            name: group.name,
          })}
          action={<Link to={`/key-groups/${group.id}`}>{t("Decide", "去处理")}</Link>}
        />
      ))}
      <div className="grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(150px, 1fr))" }}>
        <Figure to="/key-requests?tab=awaiting" name={t("Waiting for you", "待您审批")} value={waiting.data?.total} />
        <Figure to="/key-groups" name={t("Groups", "群组")} value={groups.data?.total} />
        <Keys />
        <Figure
          to="/key-groups"
          name={t("Nodes online", "在线节点")}
          value={up === undefined ? undefined : `${up} / ${nodes.data?.total ?? 0}`}
        />
      </div>
      {(waiting.data?.total ?? 0) > 0 && (
        <section className="card stack">
          <h2 style={{ margin: 0 }}>{t("Waiting for your approval", "待您审批")}</h2>
          <Loaded of={waiting}>{({ items }) => <Requests of={items} />}</Loaded>
        </section>
      )}
      <States />
      <section className="card stack">
        <h2 style={{ margin: 0 }}>{t("Key nodes", "密钥节点")}</h2>
        <Loaded of={nodes}>
          {({ items }) => (
            <div className="row" style={{ gap: 16 }}>
              {[...items]
                .sort((a, b) => a.tag.localeCompare(b.tag))
                .map((node) => (
                  <span key={node.stream} className="row" style={{ gap: 4 }}>
                    <NodeTag of={node} /> <Attested of={node} />
                  </span>
                ))}
              {items.length === 0 && (
                <span className="muted">{t("This platform runs no key nodes.", "本平台没有运行密钥节点。")}</span>
              )}
            </div>
          )}
        </Loaded>
      </section>
      <Recent />
    </Frame>
  );
};

const Figure = ({ to, name, value }: { to: string; name: string; value: number | string | undefined }) => (
  <Link to={to} className="card" style={{ color: "inherit" }}>
    <div className="muted">{name}</div>
    <strong style={{ fontSize: 28, lineHeight: "40px" }}>{value ?? "–"}</strong>
  </Link>
);

const Keys = () => {
  const t = useWords();
  const { data } = useView("keys", "list", { pageSize: 1 });
  return <Figure to="/keys" name={t("Keys", "密钥")} value={data?.total} />;
};

const States = () => {
  const t = useWords();
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Keys by state", "密钥状态")}</h2>
      <div className="row" style={{ gap: 24 }}>
        {STATES.map((state) => (
          <Count key={state} state={state} />
        ))}
      </div>
    </section>
  );
};

const Count = ({ state }: { state: (typeof STATES)[number] }) => {
  const { data } = useView("keys", "list", { state, pageSize: 1 });
  return (
    <Link to={`/keys?state=${state}`} className="row" style={{ color: "inherit" }}>
      <StateTag state={state} label={keyStateLabels[state]} />
      <strong>{data?.total ?? "–"}</strong>
    </Link>
  );
};

type Line = NonNullable<ReturnType<typeof useView<"keyRequests", "list">>["data"]>["items"][number];

const Requests = ({ of }: { of: readonly Line[] }) => {
  const t = useWords();
  return (
    <Table<Line>
      size="small"
      rowKey="stream"
      pagination={false}
      dataSource={[...of]}
      locale={{ emptyText: t("No requests yet", "暂无请求") }}
      columns={[
        {
          title: t("Request", "签名请求"),
          render: (_, { id, note }) => <Link to={`/key-requests/${id}`}>{note || id}</Link>,
        },
        { title: t("Key", "密钥"), responsive: WIDE, render: (_, { key }) => <KeyLink of={key} /> },
        { title: t("Group", "群组"), responsive: WIDE, render: (_, { group }) => <GroupLink of={group} /> },
        {
          title: t("Requested by", "请求方"),
          responsive: WIDE,
          render: (_, { requester }) => <Member of={requester} />,
        },
        {
          title: t("State", "状态"),
          render: (_, { state, stateLabel, awaitsYou }) =>
            awaitsYou ? (
              <Tag color="warning">{t("Waiting for you", "待您审批")}</Tag>
            ) : (
              <StateTag state={state} label={stateLabel} />
            ),
        },
        { title: t("Created", "创建时间"), responsive: WIDE, render: (_, { createdAt }) => <Time at={createdAt} /> },
      ]}
    />
  );
};

const Recent = () => {
  const t = useWords();
  const read = useView("keyRequests", "list", { pageSize: 5 });
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Recent requests", "最近签名请求")}</h2>
        <Link to="/key-requests">{t("All", "全部")}</Link>
      </div>
      <Loaded of={read}>{({ items }) => <Requests of={items} />}</Loaded>
    </section>
  );
};
