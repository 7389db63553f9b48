/** One alliance: who belongs to it, who is invited, which enclave its tasks run in. */

import { Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { SignButton } from "../parts/act.tsx";
import { KeptSince } from "../parts/fact.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Invite } from "./alliance-invite.tsx";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("alliances", "get", { id });
  const [inviting, setInviting] = useState(false);
  return (
    <Frame
      title={read.data?.name ?? untitled(read, t)}
      within={[[t("Alliances", "计算联盟管理"), "/alliances"]]}
      actions={
        read.data?.joinedAt && (
          <SignButton onClick={() => setInviting(true)}>{t("Invite a member", "邀请成员")}</SignButton>
        )
      }
    >
      {read.data && <Invite alliance={read.data} open={inviting} close={() => setInviting(false)} />}
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
                <KeptSince of={{ enclave, createdAt, stream }} />
              </dl>
            </section>
            <section className="card">
              <h2>{t("Members ({n})", "联盟成员（共 {n} 人）", { n: members.length })}</h2>
              <PlainTable
                keyOf={({ id }) => id}
                rows={[
                  ...members.map((member) => ({ ...member, at: member.joinedAt, invited: false })),
                  ...invitations.map((member) => ({ ...member, at: member.expiresAt, invited: true })),
                ]}
                columns={[
                  { title: t("Member", "成员"), cell: (member) => <Member of={member} /> },
                  {
                    title: t("State", "状态"),
                    cell: ({ invited }) =>
                      invited ? (
                        <Tag>{t("Invited", "邀请中")}</Tag>
                      ) : (
                        <Tag color="success">{t("Joined", "已加入")}</Tag>
                      ),
                  },
                  { title: t("Joined / expires", "加入或过期时间"), cell: ({ at }) => <Time at={at} /> },
                ]}
              />
            </section>
          </>
        )}
      </Loaded>
    </Frame>
  );
};
