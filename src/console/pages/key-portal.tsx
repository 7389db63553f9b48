/** 门户: what the key service is, and how to begin. */
import { Button } from "antd";
import { Link } from "react-router";
import { Page as Frame } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

export const Page = () => {
  const t = useWords();
  const groups = useView("keyGroups", "list", { pageSize: 1 });
  const keys = useView("keys", "list", { pageSize: 1 });
  const requests = useView("keyRequests", "list", { pageSize: 1 });
  const steps = [
    {
      done: (groups.data?.total ?? 0) > 0,
      to: "/key-groups?new=1",
      title: t("Create a group", "新建群组"),
      said: t("Choose nodes, requesters, approvers and policies.", "选择节点、请求方、审批方与策略。"),
    },
    {
      done: (keys.data?.total ?? 0) > 0,
      to: "/keys?new=make",
      title: t("Generate a key", "生成密钥"),
      said: t(
        "The nodes generate it together; nobody ever holds the whole key.",
        "由节点共同生成，任何一方均不持有完整密钥。",
      ),
    },
    {
      done: (requests.data?.total ?? 0) > 0,
      to: "/key-requests",
      title: t("Request a signature", "发起签名"),
      said: t(
        "Approvers see what is signed, and each node checks the policies itself.",
        "审批方查看内容，各节点按策略独立判定。",
      ),
    },
  ];
  // What could not be read is not taken for missing.
  const known = groups.data && keys.data && requests.data;
  const next = known && steps.find(({ done }) => !done);
  return (
    <Frame title={t("Portal", "门户")}>
      <section style={{ padding: "32px 0 16px", maxWidth: 720 }}>
        <h2 style={{ fontSize: 32, lineHeight: "42px", margin: "0 0 12px" }}>
          {t("Keys that nobody holds", "没有任何一方持有的密钥")}
        </h2>
        <p className="muted" style={{ fontSize: 16, lineHeight: "26px", margin: 0 }}>
          {t(
            "Several nodes generate a key together, and each holds one share. Enough of them sign together once the policies allow it and people have approved. No machine and no person ever holds the key.",
            "密钥由多个节点共同生成，每个节点仅持有一个分片。在策略允许并经人员批准后，达到门限数的节点共同完成签名。任何机器和个人都不持有完整密钥。",
          )}
        </p>
        <div className="row" style={{ marginTop: 24 }}>
          <Link to={next?.to ?? "/keys/home"}>
            <Button type="primary" size="large">
              {next?.title ?? t("Open the key service", "进入管理主页")}
            </Button>
          </Link>
          <Link to="/ethereum">
            <Button size="large">{t("Try an Ethereum payment", "体验以太坊交易")}</Button>
          </Link>
        </div>
      </section>
      <ol className="grid" style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {steps.map(({ title, said, to, done }, i) => (
          <li key={to} className="card">
            <div className="muted">{done ? `✓ ${t("Done", "已完成")}` : t("Step {n}", "第 {n} 步", { n: i + 1 })}</div>
            <h2 style={{ margin: "4px 0" }}>
              <Link to={to}>{title}</Link>
            </h2>
            <span className="muted">{said}</span>
          </li>
        ))}
      </ol>
      <section className="card">
        <h2>{t("What you rely on", "安全基础")}</h2>
        <dl className="facts">
          <dt>{t("Fewer nodes than the threshold", "少于门限数的节点")}</dt>
          <dd>{t("can refuse to work, but cannot sign or learn the key", "可以拒绝工作，但无法签名或获知密钥")}</dd>
          <dt>{t("The platform's operator", "平台运营方")}</dt>
          <dd>
            {t(
              "can refuse to serve, but cannot make honest nodes sign what the ledger and policies do not allow",
              "可以拒绝服务，但不能让诚实节点签署账本与策略不允许的内容",
            )}
          </dd>
          <dt>{t("Simulated attestation", "模拟的远程证明")}</dt>
          <dd>
            {t(
              "proves nothing about hardware: whoever runs a node's machine can read its share",
              "不能证明硬件环境：节点所在机器的运营者可以读取其分片",
            )}
          </dd>
        </dl>
      </section>
    </Frame>
  );
};
