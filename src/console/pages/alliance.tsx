/** One alliance: who belongs to it, who is invited, which enclave its tasks run in. */
import { Table, Tag } from "antd";
import { useParams } from "react-router";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("alliances", "get", { id });
  return (
    <Frame title={read.data?.name ?? "…"} within={[[t("Alliances", "计算联盟管理"), "/alliances"]]}>
      <Loaded of={read}>
        {({ description, creator, createdAt, enclave, stream, members, invitations }) => (
          <>
            <section className="card">
              <h2>{t("Alliance", "联盟信息")}</h2>
              <dl className="facts">
                <dt>{t("Description", "联盟描述")}</dt>
                <dd>{description || "—"}</dd>
                <dt>{t("Created by", "创建者")}</dt>
                <dd>
                  <Member of={creator} />
                </dd>
                <dt>{t("Created", "创建时间")}</dt>
                <dd>
                  <Time at={createdAt} />
                </dd>
                <dt>{t("Enclave", "可信执行环境")}</dt>
                <dd>
                  <Id>{enclave}</Id>
                </dd>
                <dt>{t("Stream", "账本流")}</dt>
                <dd>
                  <Id>{stream}</Id>
                </dd>
              </dl>
            </section>
            <section className="card">
              <h2>{t("Members ({n})", "联盟成员（共 {n} 人）", { n: members.length })}</h2>
              <Table
                size="small"
                rowKey="id"
                pagination={false}
                dataSource={[
                  ...members.map((member) => ({ ...member, at: member.joinedAt, invited: false })),
                  ...invitations.map((member) => ({ ...member, at: member.expiresAt, invited: true })),
                ]}
                columns={[
                  { title: t("Member", "成员"), render: (_, member) => <Member of={member} /> },
                  {
                    title: t("State", "状态"),
                    render: (_, { invited }) =>
                      invited ? (
                        <Tag>{t("Invited", "邀请中")}</Tag>
                      ) : (
                        <Tag color="success">{t("Joined", "已加入")}</Tag>
                      ),
                  },
                  { title: t("Joined, or lapses", "加入或过期时间"), render: (_, { at }) => <Time at={at} /> },
                ]}
              />
            </section>
          </>
        )}
      </Loaded>
    </Frame>
  );
};
