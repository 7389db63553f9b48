/** 可信执行环境: which there are, what each proves of itself, and how what is one's own moves to a new one. */
import { Button, Empty } from "antd";
import { useState } from "react";
import type { z } from "zod";
import type { Enclave } from "../../contract/enclaves.ts";
import { EnclaveShield } from "../parts/enclave-shield.tsx";
import { Fact } from "../parts/fact.tsx";
import { Page as Frame, Loaded } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Move } from "./enclaves-move.tsx";
import "./task.css";

type Shown = z.output<typeof Enclave>;

export const Page = () => {
  const t = useWords();
  const read = useView("enclaves", "list", {}, { every: 30_000 });
  return (
    <Frame title={t("Enclaves", "可信执行环境")}>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "Only these programs can open sealed tables and models. A changed program is a different enclave: it opens nothing until you move your resources to it.",
          "只有这些程序能够打开加密的数据与模型。程序变更后即为另一可信执行环境，您迁移之前它无法打开任何内容。",
        )}
      </p>
      <Loaded of={read}>
        {({ items }) =>
          items.length === 0 ? (
            <div className="card">
              <Empty
                image={Empty.PRESENTED_IMAGE_SIMPLE}
                description={t("No enclave is on the ledger yet.", "账本上暂无可信执行环境。")}
              />
            </div>
          ) : (
            items.map((one) => <One key={one.id} enclave={one} alone={items.length === 1} />)
          )
        }
      </Loaded>
    </Frame>
  );
};

const One = ({ enclave, alone }: { enclave: Shown; alone: boolean }) => {
  const t = useWords();
  const { account, permissions } = useSession();
  const [moving, setMoving] = useState(false);
  const { id, running, provider, measurement, components, isolation, hardware, createdAt, proves, doesNotProve } =
    enclave;
  const owns = ["source.register", "model.publish", "alliance.create"].some((one) => permissions.has(one));
  return (
    <section className="card stack">
      <div className="spread">
        <div className="row">
          <h2 style={{ margin: 0 }}>{running ? t("Running", "运行中") : t("Former", "曾运行")}</h2>
          {running && <EnclaveShield id={id} />}
        </div>
        {running && !alone && account && owns && (
          <Button onClick={() => setMoving(true)}>{t("Move my resources here", "将我的资源迁移至此")}</Button>
        )}
      </div>
      <dl className="facts">
        <Fact name={t("Identity", "链身份")}>
          <Id>{id}</Id>
        </Fact>
        <Fact name={t("Program (SHA-384)", "程序度量值（SHA-384）")}>
          <Id>{measurement}</Id>
        </Fact>
        <Fact name={t("Made of", "组成")}>
          <span className="row">
            {Object.entries(components).map(([name, digest]) => (
              <span key={name}>
                <span className="mono muted">{name}</span> <Id>{digest}</Id>
              </span>
            ))}
          </span>
        </Fact>
        <Fact name={t("Attestation", "证明方式")}>
          {provider === "simulated" ? t("Simulated: no hardware protection", "模拟：无硬件保护") : provider}
        </Fact>
        <Fact name={t("Model isolation", "模型隔离")}>{isolation}</Fact>
        <Fact name={t("Proven", "已证明")}>{t(proves)}</Fact>
        <Fact name={t("Not proven", "未证明")}>
          <span style={hardware ? undefined : { color: "var(--warn)" }}>{t(doesNotProve)}</span>
        </Fact>
        <Fact name={t("On the ledger since", "登记时间")}>
          <Time at={createdAt} />
        </Fact>
      </dl>
      {moving && <Move to={id} close={() => setMoving(false)} />}
    </section>
  );
};
