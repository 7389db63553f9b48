/** 访问密钥: for programs that ask in this person's name. A secret is shown once. */
import { Alert, Button, Popconfirm, Typography } from "antd";
import { useAct } from "../parts/act.tsx";
import { Loaded } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

export const AccessKeys = () => {
  const t = useWords();
  const read = useView("accessKeys", "list", {});
  const create = useAct(({ client }) => client.accessKeys.create({}));
  const remove = useAct<unknown, string>(({ client }, id) => client.accessKeys.delete({ id }));
  const failure = create.error ?? remove.error;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Access keys", "访问密钥")}</h2>
        <Button onClick={() => create.mutate()} loading={create.isPending}>
          {t("New access key", "新建访问密钥")}
        </Button>
      </div>
      {create.data && (
        <Alert
          type="warning"
          title={t("Copy the secret now. It is shown only once.", "请立即复制密钥，仅显示一次。")}
          description={
            <dl className="facts">
              <dt>ID</dt>
              <dd>
                <Typography.Text code copyable>
                  {create.data.id}
                </Typography.Text>
              </dd>
              <dt>{t("Secret", "密钥")}</dt>
              <dd>
                <Typography.Text code copyable>
                  {create.data.secret}
                </Typography.Text>
              </dd>
            </dl>
          }
        />
      )}
      {failure && <Failure error={failure} />}
      <Loaded of={read}>
        {({ items }) =>
          items.length === 0 ? (
            <span className="muted">
              {t(
                "No access keys yet. Programs and the command line sign in with one.",
                "暂无访问密钥。程序与命令行通过访问密钥登录。",
              )}
            </span>
          ) : (
            <PlainTable
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { title: "ID", cell: ({ id }) => <Id>{id}</Id> },
                { title: t("Created", "创建时间"), cell: ({ createdAt }) => <Time at={createdAt} /> },
                { title: t("Last used", "最近使用"), cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
                {
                  title: t("Actions", "操作"),
                  cell: ({ id }) => (
                    <Popconfirm
                      title={t("Programs that use this key will be refused.", "删除后使用该密钥的程序将被拒绝。")}
                      okText={t("Delete", "删除")}
                      onConfirm={() => remove.mutate(id)}
                    >
                      <Button type="link" danger>
                        {t("Delete", "删除")}
                      </Button>
                    </Popconfirm>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
};
