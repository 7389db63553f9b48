/** What code runs: its files, and what changed since the version that this member approved last. Computed here. */
import { useQuery } from "@tanstack/react-query";
import { Segmented, Select, Skeleton, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { CodeFile, CodeView } from "../../sdk/workflows/view-code.ts";
import { useActing } from "../identity/identity.tsx";
import { Member } from "../parts/member.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Version } from "./task-facts.tsx";
import type { TaskView } from "./task-view.ts";

/** Lines that are shown of one file: a longer one is downloaded, not drawn. */
const LINES = 2_000;

export const Code = ({ task }: { task: TaskView }) => {
  const t = useWords();
  const { client } = useSession();
  const { me = "" } = useActing();
  const { data, error, refetch } = useQuery<CodeView>({
    queryKey: ["code", task.stream, me],
    queryFn: async () => (await import("../../sdk/workflows/view-code.ts")).viewCode(client, task.stream, { me }),
    enabled: me !== "",
    retry: false,
    staleTime: 600_000,
  });
  const { model } = task;
  return (
    <>
      <div className="row">
        <strong>{model.name || model.id}</strong>
        <Version task={task} />
        <span className="muted">{t("by", "提供方")}</span>
        <Member of={model.owner} />
        {model.open ? (
          <Tag color="success">{t("Open code", "代码公开")}</Tag>
        ) : (
          <Tag>{t("Sealed code", "代码加密")}</Tag>
        )}
      </div>
      {error ? (
        <>
          <Failure error={error} retry={() => void refetch()} />
          <span className="muted">
            {t(
              "The code could not be read here. Authorise only what you know.",
              "无法在此读取代码，请只授权您了解的内容。",
            )}
          </span>
        </>
      ) : data ? (
        <Viewed code={data} mine={model.owner.id === me} />
      ) : (
        <Skeleton active paragraph={{ rows: 4 }} title={false} {...(model.open && { style: { minHeight: 600 } })} />
      )}
    </>
  );
};

/** In a sentence: whether it can be read, and how it compares with what was approved. */
const useSentence = () => {
  const t = useWords();
  return ({ open, compared, files }: CodeView, before: string): string => {
    const count = (change: CodeFile["change"]) => files.filter((file) => file.change === change).length;
    const values = {
      before,
      changed: count("changed"),
      added: count("added"),
      removed: count("removed"),
    };
    const sealed = open
      ? ""
      : t("The code is sealed: only the enclave opens it. ", "代码已加密，仅可信执行环境能够打开。");
    switch (compared) {
      case "nothing":
        return sealed + t("You have approved no version of this model before.", "您此前未授权过该模型的任何版本。");
      case "same":
        return (
          sealed +
          t("Byte for byte what you approved with {before}.", "与您授权【{before}】时的模型文件逐字节相同。", values)
        );
      case "changed":
        return t(
          "Since you approved {before}: files changed {changed}, added {added}, removed {removed}.",
          "自您授权【{before}】以来：修改 {changed} 个文件，新增 {added} 个，删除 {removed} 个。",
          values,
        );
      case "unseen":
        return (
          sealed +
          t(
            "It is not what you approved with {before}, and what changed can't be shown.",
            "与您授权【{before}】时的模型文件不同，且无法显示变化之处。",
            values,
          )
        );
    }
  };
};

const isChanged = ({ change }: CodeFile): boolean => change !== null && change !== "same";
const counted = (diff: string | null, sign: string): number =>
  diff?.split("\n").filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length ?? 0;

const Viewed = ({ code, mine }: { code: CodeView; mine: boolean }) => {
  const t = useWords();
  const sentence = useSentence();
  const { approved, compared, files, archive } = code;
  const byTask = approved?.kind === "task";
  const { data: before } = useView("tasks", "get", { id: approved?.id ?? "" }, { enabled: byTask });
  const changed = files.filter(isChanged);
  const [view, setView] = useState<"source" | "diff">(changed.length > 0 ? "diff" : "source");
  const shown = view === "diff" ? changed : files.filter(({ digest }) => digest !== null);
  const [path, setPath] = useState<string>();
  // What runs before what describes it.
  const first = shown.find((one) => one.text !== null && !/\.(md|json|txt)$/i.test(one.path));
  const file = shown.find((one) => one.path === path) ?? first ?? shown[0];
  const sum = (sign: string) => changed.reduce((all, { diff }) => all + counted(diff, sign), 0);
  const warn = compared === "unseen" || (!code.open && compared === "nothing" && !mine);
  return (
    <>
      <div style={warn ? { color: "var(--warn)" } : undefined}>
        {sentence(code, before?.name || approved?.id || "")}
        {approved && (
          <span className="muted">
            {" "}
            {before && <Link to={`/tasks/${before.id}`}>{before.id}</Link>} <Time at={approved.at} />
          </span>
        )}
      </div>
      <div className="row muted">
        {t("Archive, {n} bytes, SHA-256", "模型文件 {n} 字节，SHA-256", { n: archive.size.toLocaleString() })}
        <Id>{archive.digest}</Id>
      </div>
      {file && (
        <>
          <div className="row">
            {changed.length > 0 && (
              <Segmented
                aria-label={t("What is shown of the code", "代码显示方式")}
                value={view}
                onChange={setView}
                options={[
                  {
                    value: "diff",
                    label: t("Changes +{plus} −{minus}", "变化 +{plus} −{minus}", { plus: sum("+"), minus: sum("-") }),
                  },
                  { value: "source", label: t("Source", "源代码") },
                ]}
              />
            )}
            <Select
              aria-label={t("File", "文件")}
              value={file.path}
              onChange={setPath}
              style={{ minWidth: 220, maxWidth: "100%" }}
              options={shown.map(({ path, size }) => ({
                value: path,
                label: harmless(size === null ? path : `${path} · ${size.toLocaleString()} B`),
              }))}
            />
          </div>
          <Lines key={`${view}${file.path}`} text={view === "diff" ? file.diff : file.text} diff={view === "diff"} />
        </>
      )}
    </>
  );
};

/** What steers a terminal, or turns the direction of what follows, made visible. */
const harmless = (line: string): string =>
  line.replace(/[^\t\P{Cc}]|\p{Cf}/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);

const Lines = ({ text, diff }: { text: string | null; diff: boolean }) => {
  const t = useWords();
  if (text === null)
    return <span className="muted">{t("No text, or too long to be shown.", "非文本，或过长而无法显示。")}</span>;
  const all = text.replace(/\r?\n$/, "").split(/\r?\n/);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <section className="source-lines" tabIndex={0} aria-label={t("Code", "代码")}>
        {all.slice(0, LINES).map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines don't move
          <div key={at} {...(diff && { "data-line": at < 2 ? "@" : line[0] })}>
            <span>{at + 1}</span>
            <span>{harmless(line)}</span>
          </div>
        ))}
      </section>
      {all.length > LINES && (
        <span className="muted">
          {t("The first {n} of {all} lines.", "显示前 {n} 行，共 {all} 行。", { n: LINES, all: all.length })}
        </span>
      )}
    </>
  );
};
