/** Versions of a model as its owner signed them, their files, and what changed between two of them. */
import { useQuery } from "@tanstack/react-query";
import { Select, Table, Tag } from "antd";
import { useState } from "react";
import type { FileChange, Files } from "../../sdk/compare-files.ts";
import type { ModelRelease } from "../../sdk/workflows/view-code.ts";
import { Code, Diff } from "../parts/code.tsx";
import { sizeText } from "../parts/file-field.tsx";
import { harmless } from "../parts/harmless.ts";
import { WIDE } from "../parts/list.tsx";
import { Loaded } from "../parts/page.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";

const isOpen = ({ envelope }: ModelRelease) => envelope === undefined;

/** @param head of the model's stream: what makes them old */
const useVersions = (stream: string, head: string) => {
  const { client } = useSession();
  return useQuery({
    queryKey: ["model-versions", stream, head],
    queryFn: async () => (await import("../../sdk/workflows/view-code.ts")).versionsOf(client, stream),
    staleTime: Number.POSITIVE_INFINITY,
  });
};

/** Files of an archive by its digest: they are what they are, for as long as the page lasts. */
const useFiles = (model: string, digest: string | undefined) => {
  const { client } = useSession();
  return useQuery<Files>({
    queryKey: ["model-files", model, digest],
    queryFn: async () => (await import("../../sdk/workflows/view-code.ts")).readFiles(client, model, digest ?? ""),
    enabled: digest !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
};

export const Versions = ({ stream, head }: { stream: string; head: string }) => {
  const t = useWords();
  const read = useVersions(stream, head);
  return (
    <section className="card stack">
      <div className="row">
        <h2 style={{ margin: 0 }}>{t("Versions and code", "版本与代码")}</h2>
        {read.data && (
          <Tag color="success" style={{ color: "var(--good)" }}>
            {t("Signatures verified in this browser", "签名已在本浏览器验证")}
          </Tag>
        )}
      </div>
      <Loaded of={read}>
        {(versions) => (
          <>
            <VersionTable versions={versions} />
            <Source stream={stream} versions={versions} />
          </>
        )}
      </Loaded>
    </section>
  );
};

const VersionTable = ({ versions }: { versions: readonly ModelRelease[] }) => {
  const t = useWords();
  return (
    <Table<ModelRelease>
      className="fits"
      size="small"
      rowKey="digest"
      pagination={versions.length > 10 ? { pageSize: 10 } : false}
      dataSource={versions.toReversed()}
      columns={[
        {
          title: t("Version", "版本"),
          render: (_, { version, digest }) => (
            <span className="row">
              {version} {digest === versions.at(-1)?.digest && <Tag>{t("Newest", "最新")}</Tag>}
            </span>
          ),
        },
        { title: t("Published", "发布时间"), render: (_, { at }) => <Time at={at} /> },
        {
          title: t("Main function", "main函数"),
          responsive: WIDE,
          render: (_, { main, runner }) => (
            <>
              <span className="mono">{main}</span> <span className="muted">{runner}</span>
            </>
          ),
        },
        {
          title: t("Code", "代码"),
          render: (_, one) =>
            isOpen(one) ? <Tag color="success">{t("Open", "公开")}</Tag> : <Tag>{t("Sealed", "加密")}</Tag>,
        },
        {
          title: t("Size", "大小"),
          align: "right",
          responsive: WIDE,
          render: (_, { archive }) => sizeText(archive.size),
        },
        {
          title: t("Archive, SHA-256", "文件 SHA-256"),
          responsive: WIDE,
          render: (_, { archive }) => <Id>{archive.digest}</Id>,
        },
      ]}
    />
  );
};

const Source = ({ stream, versions }: { stream: string; versions: readonly ModelRelease[] }) => {
  const t = useWords();
  const open = versions.filter(isOpen);
  const [chosen, setChosen] = useState<string>();
  const [against, setAgainst] = useState<string>();
  const digest = chosen ?? open.at(-1)?.archive.digest;
  const files = useFiles(stream, digest);
  const before = useFiles(stream, against);
  if (open.length === 0)
    return (
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "The code is sealed: only the enclave opens it, and it runs nothing but the archive of this digest.",
          "代码已加密：仅可信执行环境可以打开，且只运行与上述摘要一致的文件。",
        )}
      </p>
    );
  const options = open.toReversed().map(({ version, archive }) => ({ value: archive.digest, label: version }));
  const others = options.filter(({ value }) => value !== digest);
  return (
    <div className="stack">
      <div className="row">
        <span>{t("Version", "版本")}</span>
        <Select
          aria-label={t("Version shown", "查看的版本")}
          value={digest}
          onChange={(to) => {
            setChosen(to);
            if (to === against) setAgainst(undefined);
          }}
          options={options}
          style={{ minWidth: 120 }}
        />
        {others.length > 0 && (
          <>
            <span>{t("compared with", "对比")}</span>
            <Select
              aria-label={t("Version compared with", "对比的版本")}
              value={against}
              onChange={(to?: string) => setAgainst(to)}
              options={others}
              allowClear
              placeholder={t("nothing", "不对比")}
              style={{ minWidth: 120 }}
            />
          </>
        )}
      </div>
      <Loaded of={files}>
        {(now) =>
          against === undefined ? (
            <Browser files={now} />
          ) : (
            <Loaded of={before}>{(then) => <Changes before={then} now={now} />}</Loaded>
          )
        }
      </Loaded>
    </div>
  );
};

const Browser = ({ files }: { files: Files }) => {
  const t = useWords();
  const paths = [...files.keys()].sort();
  const [chosen, setChosen] = useState<string>();
  const path = chosen !== undefined && files.has(chosen) ? chosen : firstOf(paths);
  const text = useText(files.get(path));
  return (
    <div className="code-browser">
      <nav aria-label={t("Files", "文件")}>
        {paths.map((one) => (
          <button
            key={one}
            type="button"
            aria-current={one === path}
            className="code-file"
            onClick={() => setChosen(one)}
          >
            <span className="mono">{harmless(one)}</span>
            <span className="muted">{sizeText(files.get(one)?.length ?? 0)}</span>
          </button>
        ))}
      </nav>
      {text === undefined ? (
        <p className="muted">{t("Not a text file, so it cannot be shown.", "非文本文件，无法显示。")}</p>
      ) : (
        <Code name={path} text={text} more={(n) => t("{n} more {n|line|lines}", "还有 {n} 行", { n })} />
      )}
    </div>
  );
};

const firstOf = (paths: readonly string[]): string => paths.find((path) => path === "entente.json") ?? paths[0] ?? "";

const useText = (bytes: Uint8Array | undefined): string | undefined => {
  if (!bytes || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const Changes = ({ before, now }: { before: Files; now: Files }) => {
  const t = useWords();
  const read = useQuery<FileChange[]>({
    // Both are kept by digest: the same two are the same objects.
    queryKey: ["file-changes", idOf(before), idOf(now)],
    queryFn: async () => (await import("../../sdk/compare-files.ts")).fileChanges(before, now),
  });
  const words = {
    added: t("Added", "新增"),
    removed: t("Removed", "删除"),
    changed: t("Changed", "修改"),
  };
  return (
    <Loaded of={read}>
      {(changes) => (
        <div className="stack">
          {changes.length === 0 && <p className="muted">{t("The files are the same.", "文件相同。")}</p>}
          {changes.map(({ path, change, diff }) => (
            <div key={path} className="stack" style={{ gap: 8 }}>
              <div className="row">
                <Tag color={{ added: "success", removed: "error", changed: "processing" }[change]}>{words[change]}</Tag>
                <span className="mono">{harmless(path)}</span>
              </div>
              {diff === null ? (
                <p className="muted">{t("Not a text file.", "非文本文件。")}</p>
              ) : (
                <Diff name={path} text={diff} />
              )}
            </div>
          ))}
        </div>
      )}
    </Loaded>
  );
};

const ids = new WeakMap<Files, number>();
let last = 0;
const idOf = (files: Files): number => {
  const known = ids.get(files) ?? ++last;
  ids.set(files, known);
  return known;
};
