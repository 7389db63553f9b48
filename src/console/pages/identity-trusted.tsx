/** Which enclave programs this browser seals to, and how one is forgotten. */
import { useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { pinsOf, unpin } from "../identity/trusted-enclaves.ts";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";

export const TrustedEnclaves = () => {
  const t = useWords();
  const queries = useQueryClient();
  const [pins, setPins] = useState(pinsOf);
  const forget = (measurement: string) => {
    unpin(measurement);
    setPins(pinsOf());
    // What was verified under it is verified anew.
    void queries.resetQueries({ queryKey: ["verified-enclave"] });
  };
  return (
    <section className="card stack">
      <h2 style={{ margin: 0 }}>{t("Enclave programs you trust", "已信任的可信执行环境程序")}</h2>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "The first program that this browser verified, and those you accepted since. It seals to no other.",
          "此浏览器首次验证的程序，以及此后您接受的程序。数据只会加密给这些程序。",
        )}
      </p>
      {pins.length === 0 ? (
        <span className="muted">{t("None yet.", "暂无。")}</span>
      ) : (
        <ul className="lines">
          {pins.map(({ provider, measurement }) => (
            <li key={measurement}>
              <span>
                <Id>{measurement}</Id>{" "}
                <span className="muted">
                  {provider === "simulated" ? t("Simulated: no hardware protection", "模拟：无硬件保护") : provider}
                </span>
              </span>
              <Popconfirm
                title={t(
                  "If none is left, the next program that is verified is trusted.",
                  "全部移除后，将信任下一个通过验证的程序。",
                )}
                okText={t("Forget", "移除")}
                onConfirm={() => forget(measurement)}
              >
                <Button type="link" danger>
                  {t("Forget", "移除")}
                </Button>
              </Popconfirm>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};
