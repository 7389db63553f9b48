/** Changes that administrators agree to or refuse, each told as what would differ. */
import { Button, Tag } from "antd";
import type { z } from "zod";
import type { Proposal } from "../../contract/key-groups.ts";
import type { KeyPolicy } from "../../rules/key-group.ts";
import { useActing } from "../identity/identity.tsx";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import type { ShownGroup as Group } from "../parts/key-shapes.ts";
import { Code, StateTag } from "../parts/keys.tsx";
import { Member, type Someone } from "../parts/member.tsx";
import { All } from "../parts/people.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

type Shown = z.output<typeof Proposal>;

export const Proposals = ({ of: group }: { of: Group }) => {
  const t = useWords();
  const open = group.proposals.filter(({ state }) => state === "open");
  const past = group.proposals.filter(({ state }) => state !== "open");
  if (group.proposals.length === 0) return null;
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Changes", "变更提案")}</h2>
      {open.map((one) => (
        <Change key={one.proposal} of={one} group={group} />
      ))}
      {past.length > 0 && (
        <details open={open.length === 0}>
          <summary style={{ cursor: "pointer" }}>
            {t("Last 7 days ({n})", "最近七天（{n}）", { n: past.length })}
          </summary>
          <div className="stack" style={{ marginTop: 12 }}>
            {past.map((one) => (
              <div key={one.proposal} className="row">
                <StateTag state={one.state} label={one.stateLabel} /> <Member of={one.by} />
                <span className="muted">
                  {Object.keys(one.change)
                    .map((field) => t(...nameOf(field)))
                    .join(", ")}
                </span>
                <Time at={one.createdAt} />
              </div>
            ))}
          </div>
        </details>
      )}
    </section>
  );
};

const FIELDS: Readonly<Record<string, readonly [string, string]>> = {
  nodes: ["Nodes", "节点"],
  administrators: ["Administrators", "管理员"],
  approvals: ["Approvals of a change", "变更所需同意数"],
  requesters: ["Requesters", "请求方"],
  approvers: ["Approvers", "审批方"],
  policies: ["Policies", "策略"],
  backup: ["Backups", "备份"],
  pardons: ["Nodes let in again", "重新接纳的节点"],
};
const nameOf = (field: string) => FIELDS[field] ?? ([field, field] as const);

const Change = ({ of, group }: { of: Shown; group: Group }) => {
  const t = useWords();
  const notice = useNotice();
  const { me } = useActing();
  const { proposal, by, agreed, refused, awaitsYou, expiresAt, createdAt } = of;
  const approve = useAct(
    // As it is shown here: the signature names a digest, behind which a server could show anything.
    async ({ client }) =>
      (await import("../../sdk/workflows/key-governance.ts")).approveChange(client, group, proposal),
    () => notice(t("Your agreement is on the ledger.", "您的同意已登记到账本。")),
  );
  const refuse = useAct(
    ({ client }) => client.keyGroups.refuse(group.stream, { proposal }),
    () => notice(t("Refused.", "已拒绝。")),
  );
  const failure = approve.error ?? refuse.error;
  const busy = approve.isPending || refuse.isPending;
  return (
    <article className="stack" style={{ gap: 12, borderLeft: "3px solid var(--accent)", paddingLeft: 16 }}>
      <div className="row">
        <Member of={by} /> {t("proposed a change", "提议变更")} <Time at={createdAt} />
        <StateTag state={of.state} label={of.stateLabel} />
      </div>
      <Difference change={of.change} group={group} />
      <div className="row">
        {t("Agreed by {n} of {needed} administrators:", "{n} / {needed} 位管理员已同意：", {
          n: agreed.length,
          needed: group.approvals,
        })}
        <All of={agreed} />
        {refused.length > 0 && (
          <>
            {t("Refused by", "已拒绝：")} <All of={refused} />
          </>
        )}
        <span className="muted">
          {t("Open until", "截止")} <Time at={expiresAt} />
        </span>
      </div>
      {failure && <Failure error={failure} />}
      <div className="row">
        {awaitsYou && (
          <SignButton loading={approve.isPending} disabled={busy} onClick={() => approve.mutate()}>
            {t("Agree and sign", "同意并签名")}
          </SignButton>
        )}
        {(awaitsYou || by.id === me) && (
          <Button danger loading={refuse.isPending} disabled={busy} onClick={() => refuse.mutate()}>
            {by.id === me ? t("Withdraw and sign", "撤回并签名") : t("Refuse and sign", "拒绝并签名")}
          </Button>
        )}
      </div>
    </article>
  );
};

const Difference = ({ change, group }: { change: Shown["change"]; group: Group }) => {
  const t = useWords();
  const everybody = [...group.administrators, ...group.requesters, ...group.approvers];
  const someone = (id: string): Someone => everybody.find((one) => one.id === id) ?? { id, nickname: id.slice(0, 12) };
  return (
    <dl className="facts">
      {change.policies && (
        <>
          <dt>{t("Policies", "策略")}</dt>
          <dd>
            <PolicyDifference before={group.policies} after={change.policies} />
          </dd>
        </>
      )}
      {(["administrators", "requesters", "approvers"] as const).map(
        (field) =>
          change[field] && (
            <Row key={field} name={t(...nameOf(field))}>
              <Sets
                before={group[field].map(({ id }) => id)}
                after={change[field]}
                show={(id) => someone(id).nickname}
              />
            </Row>
          ),
      )}
      {change.nodes && (
        <Row name={t("Nodes", "节点")}>
          <Sets
            before={group.nodes.map(({ stream }) => stream)}
            after={change.nodes}
            show={(id) => group.nodes.find(({ stream }) => stream === id)?.tag ?? `${id.slice(0, 12)}…`}
          />
        </Row>
      )}
      {change.approvals !== undefined && (
        <Row name={t("Approvals of a change", "变更所需同意数")}>
          {group.approvals} → <strong>{change.approvals}</strong>
        </Row>
      )}
      {change.pardons && (
        <Row name={t("Nodes let in again", "重新接纳的节点")}>
          {change.pardons
            .map((id) => group.nodes.find(({ stream }) => stream === id)?.tag ?? `${id.slice(0, 12)}…`)
            .join(", ")}
        </Row>
      )}
      {change.backup && (
        <Row name={t("Backups", "备份")}>
          {change.backup.map(({ node, recipient }) => (
            <div key={node} className="row">
              {group.nodes.find(({ stream }) => stream === node)?.tag} → <Recipient>{recipient}</Recipient>
            </div>
          ))}
        </Row>
      )}
    </dl>
  );
};

/** Whole: shortened, what all such keys begin with would be half of it. */
export const Recipient = ({ children }: { children: string }) => (
  <span className="mono" style={{ overflowWrap: "anywhere" }}>
    {children}
  </span>
);

const Row = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

const Sets = (props: { before: readonly string[]; after: readonly string[]; show: (id: string) => string }) => {
  const { before, after, show } = props;
  return (
    <span className="row">
      {after.map((id) => (
        <Tag key={id} color={before.includes(id) ? "default" : "success"}>
          {before.includes(id) ? "" : "+ "}
          {show(id)}
        </Tag>
      ))}
      {before
        .filter((id) => !after.includes(id))
        .map((id) => (
          <Tag key={id} color="error">
            − {show(id)}
          </Tag>
        ))}
    </span>
  );
};

/** What comes, goes and changes; what stays is counted. */
export const PolicyDifference = (props: { before: readonly KeyPolicy[]; after: readonly KeyPolicy[] }) => {
  const t = useWords();
  const { before, after } = props;
  const was = new Map(before.map(({ id, text }) => [id, text]));
  const is = new Set(after.map(({ id }) => id));
  const moved = after.filter(({ id, text }) => was.get(id) !== text);
  const gone = before.filter(({ id }) => !is.has(id));
  const same = after.length - moved.length;
  return (
    <div className="stack" style={{ gap: 8 }}>
      {moved.map(({ id, text }) => {
        const former = was.get(id);
        return (
          <div key={id} className="stack" style={{ gap: 4 }}>
            <span className="row mono">
              <Tag color={former === undefined ? "success" : "warning"}>
                {former === undefined ? t("New", "新增") : t("Changed", "修改")}
              </Tag>
              {id}
            </span>
            {former !== undefined && (
              <details>
                <summary className="muted">{t("Before", "修改前")}</summary>
                <Code>{former}</Code>
              </details>
            )}
            <Code>{text}</Code>
          </div>
        );
      })}
      {gone.map(({ id }) => (
        <span key={id} className="row mono">
          <Tag color="error">{t("Removed", "删除")}</Tag>
          {id}
        </span>
      ))}
      {same > 0 && <span className="muted">{t("{n} unchanged", "{n} 条保持不变", { n: same })}</span>}
    </div>
  );
};
