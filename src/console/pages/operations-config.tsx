/** The configuration in effect, without secrets. */
import { Input, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { Loaded } from "../parts/page.tsx";
import { PlainTable } from "../parts/plain-table.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

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
        {({ described }) => {
          const shown = Object.entries(described).filter(([name, { about, written }]) =>
            `${name} ${written} ${t(about)}`.toLowerCase().includes(words.trim().toLowerCase()),
          );
          return (
            <>
              <PlainTable
                rows={shown}
                keyOf={([name]) => name}
                columns={[
                  {
                    title: t("Setting", "配置项"),
                    kind: "whole",
                    cell: ([name]) => <span className="mono">{name}</span>,
                  },
                  {
                    title: t("Value", "值"),
                    kind: "mono",
                    width: "30%",
                    cell: ([, { written, secret }]) => {
                      if (written === "") return <span className="muted">—</span>;
                      return secret ? <Tag>{t("set, not shown", "已设置，不显示")}</Tag> : written;
                    },
                  },
                  {
                    title: t("What it is for", "说明"),
                    tall: true,
                    cell: ([, { about }]) => <span className="muted">{coded(t(about))}</span>,
                  },
                ]}
              />
              {shown.length === 0 && (
                <span className="muted">{t("No matching settings.", "没有符合条件的配置项。")}</span>
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
};

/** What stands between backticks as code. */
const coded = (text: string): ReactNode[] =>
  // biome-ignore lint/suspicious/noArrayIndexKey: pieces have a place and nothing else
  text.split("`").map((piece, i) => (i % 2 === 1 ? <code key={i}>{piece}</code> : piece));
