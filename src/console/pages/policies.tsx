/** 策略管理: the policies of a group, written, checked, tried on the past, and proposed. */
import { Alert, Button, Dropdown, Empty, Input, Popconfirm, Select } from "antd";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import type { KeyPolicy } from "../../rules/key-group.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { useDraftName } from "../parts/draft.ts";
import { administers, type ShownGroup as Group } from "../parts/key-shapes.ts";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { write as keep, read as kept } from "../storage.ts";
import { refusalOf, useView } from "../views.ts";
import { PolicyDifference, Proposals } from "./key-group-proposals.tsx";
import { Editor } from "./policies-editor.tsx";
import { EXAMPLES } from "./policies-examples.ts";
import { useFaults } from "./policies-faults.ts";
import { Simulation } from "./policies-simulation.tsx";

export const Page = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const groups = useView("keyGroups", "list", { pageSize: 100 });
  const chosen = get("group") ?? groups.data?.items[0]?.id;
  const group = useView("keyGroups", "get", { id: chosen ?? "" }, { enabled: chosen !== undefined });
  return (
    <Frame
      title={t("Policies", "策略管理")}
      actions={
        <Select
          aria-label={t("Group", "群组")}
          placeholder={t("Group", "群组")}
          {...(chosen !== undefined && { value: chosen })}
          onChange={(id: string) => set({ group: id })}
          options={(groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          style={{ minWidth: 200 }}
        />
      }
    >
      {groups.data?.total === 0 ? (
        <div className="card">
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={t(
              "Policies belong to a group, and you are not in one yet.",
              "策略归属于群组，您尚未加入任何群组。",
            )}
          >
            <Link to="/key-groups?new=1">{t("Create a group", "新建群组")}</Link>
          </Empty>
        </div>
      ) : (
        <Loaded of={chosen === undefined ? { ...groups, data: undefined } : group}>
          {(one) => (
            <>
              <Proposals of={one} />
              <Policies key={one.stream} of={one} />
            </>
          )}
        </Loaded>
      )}
    </Frame>
  );
};

const CHECK_AFTER = 600;
const same = (a: readonly KeyPolicy[], b: readonly KeyPolicy[]): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What is written is kept in this browser until it is proposed or put back. */
const useWritten = ({ stream, policies }: Group) => {
  const name = useDraftName(`policies.${stream}`);
  const [written, setWritten] = useState<readonly KeyPolicy[]>(() => kept(name, policies));
  const changed = !same(written, policies);
  useEffect(() => keep(name, changed ? written : undefined), [name, written, changed]);
  return { written, changed, setWritten };
};

/** What the engine says of what is written, once typing pauses; it names policy and line. */
const useChecked = (group: string, policies: readonly KeyPolicy[], enabled: boolean) => {
  const { client } = useSession();
  const [found, setFound] = useState<{ of: readonly KeyPolicy[]; error: unknown }>();
  useEffect(() => {
    if (!enabled) return;
    let stale = false;
    const timer = setTimeout(async () => {
      const error = await client.keyGroups.simulate({ id: group, policies: [...policies], days: 1, pageSize: 1 }).then(
        () => undefined,
        (refused: unknown) => refused,
      );
      if (!stale) setFound({ of: policies, error });
    }, CHECK_AFTER);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [client, group, policies, enabled]);
  return found?.of === policies ? { checked: true, error: found.error } : { checked: false, error: undefined };
};

const Fault = ({ children }: { children: ReactNode }) => (
  <div role="alert" style={{ color: "var(--bad)" }}>
    {children}
  </div>
);

const Policies = ({ of: group }: { of: Group }) => {
  const t = useWords();
  const notice = useNotice();
  const { permissions } = useSession();
  const { written, changed, setWritten } = useWritten(group);
  const may = permissions.has("key.govern");
  const faults = useFaults(written);
  const { checked, error } = useChecked(group.id, written, may && changed && !faults.any);
  const propose = useAct(
    async ({ client }) =>
      (await import("../../sdk/workflows/key-governance.ts")).proposeChange(client, group, { policies: [...written] }),
    () => notice(t("Proposed. It takes effect once enough administrators agree.", "已提议，管理员同意数足够后生效。")),
  );
  const wrong = useMemo(() => {
    if (!error) return undefined;
    const { details } = refusalOf(error);
    return { policy: String(details.policy ?? ""), line: Number(details.line ?? 0) };
  }, [error]);
  const put = (at: number, policy: KeyPolicy) => setWritten(written.map((one, i) => (i === at ? policy : one)));
  const insert = (id: string, text: string) => {
    const taken = new Set(written.map((one) => one.id));
    let free = id;
    for (let n = 2; taken.has(free); n++) free = `${id}-${n}`;
    setWritten([...written, { id: free, text }]);
  };
  return (
    <>
      <section className="card stack">
        <div className="spread">
          <h2 style={{ margin: 0 }}>{t("Policies of {name}", "【{name}】的策略", { name: group.name })}</h2>
          <Dropdown
            trigger={["click"]}
            menu={{
              items: [
                {
                  key: "",
                  label: t("Empty", "空白策略"),
                  onClick: () => insert("policy", "permit (principal, action, resource);"),
                },
                { type: "divider" },
                ...EXAMPLES.map(({ id, name, text }) => ({ key: id, label: t(name), onClick: () => insert(id, text) })),
              ],
            }}
          >
            <Button>{t("Insert an example", "插入示例")}</Button>
          </Dropdown>
        </div>
        <p className="muted" style={{ margin: 0 }}>
          {t(
            "Nothing is allowed until a policy permits it, and a forbid overrides every permit. Each node decides for itself.",
            "未经策略允许的操作一律拒绝，forbid 优先于所有 permit。每个节点独立判定。",
          )}
        </p>
        {written.length === 0 && (
          <Alert
            type="warning"
            title={t("Without a policy, everything is denied.", "没有策略时，所有请求均被拒绝。")}
          />
        )}
        {written.map((policy, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a policy is renamed while it is written
          <article key={i} className="stack" style={{ gap: 8 }}>
            <div className="row" style={{ flexWrap: "nowrap" }}>
              <Input
                className="mono"
                aria-label={t("Name of the policy", "策略名称")}
                value={policy.id}
                status={faults.each[i] === undefined ? "" : "error"}
                onChange={({ target }) => put(i, { ...policy, id: target.value })}
                style={{ flex: "0 1 320px" }}
              />
              <Popconfirm
                title={t("Remove {id}?", "删除策略 {id}？", { id: policy.id })}
                okText={t("Remove", "删除")}
                okButtonProps={{ danger: true }}
                onConfirm={() => setWritten(written.filter((_, at) => at !== i))}
              >
                <Button type="text" danger>
                  {t("Remove", "删除")}
                </Button>
              </Popconfirm>
            </div>
            <Editor
              label={policy.id}
              value={policy.text}
              onChange={(text) => put(i, { ...policy, text })}
              {...(wrong?.policy === policy.id && { wrongLine: wrong.line })}
            />
            {faults.each[i] !== undefined && <Fault>{faults.each[i]}</Fault>}
            {wrong?.policy === policy.id && <Failure error={error} />}
          </article>
        ))}
        {faults.together !== undefined && <Fault>{faults.together}</Fault>}
        {error !== undefined && !written.some(({ id }) => id === wrong?.policy) && <Failure error={error} />}
      </section>
      {changed && (
        <section className="card stack">
          <h2 style={{ margin: 0 }}>{t("What changes", "变更内容")}</h2>
          <PolicyDifference before={group.policies} after={written} />
          {propose.error && <Failure error={propose.error} />}
          <div className="row" aria-live="polite">
            {administers(group) && (
              <SignButton
                loading={propose.isPending}
                disabled={!checked || error !== undefined}
                onClick={() => propose.mutate()}
              >
                {t("Propose and sign", "提议并签名")}
              </SignButton>
            )}
            <Button onClick={() => setWritten(group.policies)}>
              {t("Reset to the current policies", "恢复为当前生效策略")}
            </Button>
            <span className="muted">
              {faults.any || error !== undefined
                ? t("Fix the errors first.", "请先更正。")
                : checked
                  ? t("Valid.", "检查通过。")
                  : t("Checking…", "正在检查…")}
            </span>
          </div>
        </section>
      )}
      {may && <Simulation group={group.id} policies={written} ready={!changed || (checked && error === undefined)} />}
    </>
  );
};
