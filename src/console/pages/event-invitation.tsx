/** 邀请加入联盟: the alliance, its members, and the answer. */
import { Button, Popconfirm, Table } from "antd";
import type { z } from "zod";
import type { Alliance } from "../../contract/alliances.ts";
import { SignButton, useAct, useNotice, useObstacle } from "../parts/act.tsx";
import { EnclaveShield } from "../parts/enclave-shield.tsx";
import { WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Failure } from "../parts/said.tsx";
import { Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

/** 同意 and 拒绝. @param stream of the alliance */
export const Answer = ({ stream }: { stream: string }) => {
  const t = useWords();
  const notice = useNotice();
  const obstacle = useObstacle();
  const join = useAct(
    ({ client }) => client.alliances.join(stream),
    () => notice(t("You have joined the alliance.", "您已加入联盟。")),
  );
  const decline = useAct(
    ({ client }) => client.alliances.decline(stream),
    () => notice(t("Declined.", "已拒绝。")),
  );
  const error = join.error ?? decline.error;
  return (
    <>
      {error && <Failure error={error} />}
      <Popconfirm
        title={t("Decline the invitation?", "拒绝该邀请？")}
        okText={t("Decline and sign", "拒绝并签名")}
        okButtonProps={{ danger: true }}
        onConfirm={() => decline.mutate()}
        disabled={obstacle !== undefined}
      >
        <Button danger loading={decline.isPending} disabled={obstacle !== undefined || join.isPending} title={obstacle}>
          {t("Decline…", "拒绝")}
        </Button>
      </Popconfirm>
      <SignButton loading={join.isPending} disabled={decline.isPending} onClick={() => join.mutate()}>
        {t("Join and sign", "同意并签名")}
      </SignButton>
    </>
  );
};

export const About = ({ alliance }: { alliance: z.output<typeof Alliance> }) => {
  const t = useWords();
  const { name, description, creator, createdAt, members, enclave } = alliance;
  return (
    <>
      <section className="card">
        <h2>{t("Alliance", "联盟信息")}</h2>
        <dl className="facts">
          <dt>{t("Alliance name", "联盟名称")}</dt>
          <dd>{name}</dd>
          <dt>{t("Description", "联盟描述")}</dt>
          <dd>{description || "—"}</dd>
          <dt>{t("Created by", "创建者")}</dt>
          <dd className="row">
            <Member of={creator} /> <span className="muted">APPID: {creator.appId}</span>
          </dd>
          <dt>{t("Created", "创建时间")}</dt>
          <dd>
            <Time at={createdAt} />
          </dd>
          <dt>{t("Enclave", "可信执行环境")}</dt>
          <dd>
            <EnclaveShield id={enclave} />
          </dd>
        </dl>
      </section>
      <section className="card">
        <h2>{t("Members ({n})", "联盟成员（共 {n} 人）", { n: members.length })}</h2>
        <Table
          size="small"
          rowKey="id"
          dataSource={[...members]}
          pagination={members.length > 10 && { pageSize: 10 }}
          columns={[
            { title: t("Member", "成员"), render: (_, member) => <Member of={member} /> },
            { title: "APPID", responsive: WIDE, render: (_, { appId }) => <span className="mono">{appId}</span> },
            { title: t("Joined", "加入时间"), render: (_, { joinedAt }) => <Time at={joinedAt} /> },
          ]}
        />
      </section>
    </>
  );
};
