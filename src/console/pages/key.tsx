/** One key: what it is, who holds its shares, what it signed, and what an administrator can do with it. */
import { Alert, Button, Table, Tag, Tooltip, Typography } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { keySchemeLabels } from "../../contract/state-labels.ts";
import { Fact } from "../parts/fact.tsx";
import { save } from "../parts/files.ts";
import type { ShownKey as Shown } from "../parts/key-shapes.ts";
import { Code, GroupLink, KeyLink, NodeTag, NodeTags, StateTag, WatchKey } from "../parts/keys.tsx";
import { WIDE } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame, Loaded, untitled } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { Acts } from "./key-acts.tsx";
import { Attempt, Shares } from "./key-shares.tsx";
import { Sign } from "./key-sign.tsx";

export const Page = () => {
  const t = useWords();
  const { id = "" } = useParams();
  const read = useView("keys", "get", { id });
  const [signing, setSigning] = useState(false);
  const key = read.data;
  return (
    <Frame
      title={key ? (key.alias ?? key.id) : untitled(read, t)}
      within={[[t("Keys", "密钥列表"), "/keys"]]}
      beside={key && <StateTag state={key.state} label={key.stateLabel} />}
      actions={
        key?.requestable &&
        key.state === "enabled" && (
          <>
            {key.scheme === "ECDSA_K1" && (
              <Link to={`/ethereum?key=${key.id}`}>
                <Button>{t("Ethereum payment", "以太坊交易")}</Button>
              </Link>
            )}
            <Button type="primary" onClick={() => setSigning(true)}>
              {t("Request a signature", "发起签名")}
            </Button>
          </>
        )
      }
    >
      <Loaded of={read}>
        {(one) => (
          <>
            {(one.state === "pending" || one.attempt) && <WatchKey id={id} />}
            <News of={one} />
            <About of={one} />
            <PublicKey of={one} />
            <Shares of={one} />
            <Used of={one} />
            {one.administrable && one.state !== "deleted" && <Acts of={one} />}
            {signing && <Sign of={one.stream} close={() => setSigning(false)} />}
          </>
        )}
      </Loaded>
    </Frame>
  );
};

const News = ({ of: key }: { of: Shown }) => {
  const { state, failure, attempt, deletionAt } = key;
  const t = useWords();
  return (
    <>
      {state === "deletion-scheduled" && (
        <Alert
          type="warning"
          title={t("Scheduled for deletion. It cannot be recovered afterwards.", "计划删除；删除后无法恢复。")}
          description={<Time at={deletionAt} />}
        />
      )}
      {failure && !attempt && (
        <Alert
          type={state === "failed" ? "error" : "warning"}
          title={t(failure.text)}
          description={
            <span className="row">
              <NodeTag of={failure.by} /> <Time at={failure.at} /> <code>{failure.code}</code>
              {failure.culprits.length > 0 && t("caused by", "责任节点")} <NodeTags of={failure.culprits} />
            </span>
          }
        />
      )}
      {attempt && <Attempt of={attempt} shown={key} />}
    </>
  );
};

const About = ({ of: key }: { of: Shown }) => {
  const t = useWords();
  const { id, scheme, threshold, shares, group, creator, createdAt, origin, originLabel, epoch, tags } = key;
  return (
    <section className="card">
      <h2>{t("Key", "密钥信息")}</h2>
      <dl className="facts">
        <dt>{t("ID", "编号")}</dt>
        <dd>
          <Id>{id}</Id>
        </dd>
        <dt>{t("Type", "密钥类型")}</dt>
        <dd>
          {scheme} <span className="muted">{t(keySchemeLabels[scheme])}</span>
        </dd>
        <dt>{t("Threshold", "门限")}</dt>
        <dd>
          {t("Any {threshold} of {shares} shares sign", "{shares} 个分片中任意 {threshold} 个可签名", {
            threshold,
            shares,
          })}
        </dd>
        <dt>{t("Group", "群组")}</dt>
        <dd>
          <GroupLink of={group} />
        </dd>
        <dt>{t("Origin", "来源")}</dt>
        <dd>
          <Tag color={origin === "imported" ? "warning" : "default"}>{t(originLabel)}</Tag>
          {origin === "imported" && (
            <span className="muted">
              {t("anyone who kept the key file can still sign", "仍保留私钥文件者可自行签名")}
            </span>
          )}
        </dd>
        <dt>{t("Share epoch", "分片轮次")}</dt>
        <dd>{epoch ?? "—"}</dd>
        <dt>{t("Created by", "创建者")}</dt>
        <dd className="row">
          <Member of={creator} /> <Time at={createdAt} />
        </dd>
        {Object.keys(tags).length > 0 && (
          <>
            <dt>{t("Tags", "标签")}</dt>
            <dd>
              {Object.entries(tags).map(([name, value]) => (
                <Tag key={name}>{value ? `${name}=${value}` : name}</Tag>
              ))}
            </dd>
          </>
        )}
        {key.description && (
          <>
            <dt>{t("Description", "描述")}</dt>
            <dd>{key.description}</dd>
          </>
        )}
        {(key.rotates ?? key.rotatedBy) && (
          <>
            <dt>{key.rotatedBy ? t("Replaced by", "已轮换为") : t("Replaces", "轮换自")}</dt>
            <dd>
              <KeyLink of={key.rotatedBy ?? key.rotates ?? { id, alias: null }} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
};

const PublicKey = ({ of: { id, alias, publicKeyPem, publicKey, address } }: { of: Shown }) => {
  const t = useWords();
  if (publicKeyPem === null) return null;
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Public key", "公钥")}</h2>
        <Button
          onClick={() => save(`${(alias ?? id).replaceAll("/", "-")}.pem`, publicKeyPem, "application/x-pem-file")}
        >
          {t("Download PEM", "下载 PEM")}
        </Button>
      </div>
      <dl className="facts">
        {address && (
          <Fact name={t("Ethereum address", "以太坊地址")}>
            <Tooltip title={t("With its checksum (EIP-55)", "带校验（EIP-55）")}>
              <Typography.Text className="mono" copyable>
                {address}
              </Typography.Text>
            </Tooltip>
          </Fact>
        )}
        {publicKey && (
          <Fact name={t("Encoded point", "编码点")}>
            <Id>{publicKey}</Id>
          </Fact>
        )}
      </dl>
      <Code>{publicKeyPem.trimEnd()}</Code>
    </section>
  );
};

const Used = ({ of: { id } }: { of: Shown }) => {
  const t = useWords();
  const read = useView("keyRequests", "list", { key: id, pageSize: 5 });
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>{t("Recent requests", "最近签名请求")}</h2>
        <Link to={`/key-requests?key=${id}`}>{t("All", "全部")}</Link>
      </div>
      <Loaded of={read}>
        {({ items }) => (
          <Table
            size="small"
            rowKey="stream"
            pagination={false}
            dataSource={items}
            locale={{ emptyText: t("No requests yet.", "尚无签名请求。") }}
            columns={[
              {
                title: t("Request", "签名请求"),
                render: (_, one) => <Link to={`/key-requests/${one.id}`}>{one.note || one.id}</Link>,
              },
              {
                title: t("Requested by", "请求方"),
                responsive: WIDE,
                render: (_, one) => <Member of={one.requester} />,
              },
              {
                title: t("State", "状态"),
                render: (_, one) => <StateTag state={one.state} label={one.stateLabel} />,
              },
              { title: t("Created", "创建时间"), responsive: WIDE, render: (_, one) => <Time at={one.createdAt} /> },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
};
