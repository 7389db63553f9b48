/** The configuration in effect, without secrets. */
import { Input } from "antd";
import { useState } from "react";
import { Loaded } from "../parts/page.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

const said = (value: unknown): string =>
  Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);

export const Configuration = () => {
  const t = useWords();
  const [words, setWords] = useState("");
  const read = useView("system", "config", {});
  return (
    <section className="card stack">
      <div className="spread">
        <span className="muted">
          {t(
            "Set by file, environment or flag; a change takes effect at the next start. Of secrets only whether they are set is shown.",
            "通过文件、环境变量或命令行参数设置，重启后生效。密钥类配置仅显示是否已设置。",
          )}
        </span>
        <Input
          value={words}
          onChange={({ target }) => setWords(target.value)}
          placeholder={t("Filter", "筛选")}
          aria-label={t("Filter the settings", "筛选配置")}
          allowClear
          style={{ width: 220 }}
        />
      </div>
      <Loaded of={read}>
        {({ settings }) => {
          const shown = Object.entries(settings).filter(([name, value]) =>
            `${name} ${said(value)}`.toLowerCase().includes(words.trim().toLowerCase()),
          );
          return (
            <div className="scroll">
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t("Setting", "配置项")}</th>
                    <th>{t("Value", "值")}</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map(([name, value]) => (
                    <tr key={name}>
                      <td className="mono">{name}</td>
                      <td className="mono" style={{ overflowWrap: "anywhere" }}>
                        {said(value) === "" ? <span className="muted">—</span> : said(value)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {shown.length === 0 && (
                <span className="muted">{t("No setting has these words.", "没有符合条件的配置项。")}</span>
              )}
            </div>
          );
        }}
      </Loaded>
    </section>
  );
};
