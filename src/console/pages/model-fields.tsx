/** Fields of one version of a model: those of the form of a new one, and of the dialog of a next one. */
import { Form, Input, Select, Switch } from "antd";
import { useState } from "react";
import { ARCHIVE_MAX, DESCRIPTION_MAX, published } from "../../rules/model.ts";
import { FileField, fileRule, sizeText } from "../parts/file-field.tsx";
import { useRules } from "../parts/rules.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { type Inspection, useSealing } from "../sealing/sealing.tsx";
import { explainOf } from "../views.ts";

export interface VersionGiven {
  readonly version: string;
  readonly runner: string;
  readonly main: string;
  readonly open?: boolean;
  readonly description?: File;
  readonly archive: File;
}

const { version: VERSION, main: MAIN } = published.payload.shape;
const RUNNERS = [
  { value: "javascript", label: "JavaScript" },
  { value: "python", label: "Python" },
  { value: "sql", label: "SQL" },
  { value: "wasm", label: "WebAssembly" },
];

/** What of the fields goes into the statement; the description is read here. */
export const versionOf = async ({ version, runner, main, open, description }: VersionGiven) => ({
  ...{ version, runner, main, open: open ?? false },
  ...(description && { description: await description.text() }),
});

/** @param described a version before has a description, which stays unless there is another */
export const VersionFields = ({ described = false }: { described?: boolean }) => {
  const t = useWords();
  const { required, most, fits } = useRules();
  return (
    <>
      <Form.Item
        name="version"
        label={t("Version", "模型版本")}
        validateFirst
        rules={[
          required,
          most(32),
          fits(
            VERSION,
            t(
              "Letters, digits, . + and -; begin with a letter or a digit",
              "仅支持字母、数字、. + -，以字母或数字开头",
            ),
          ),
        ]}
      >
        <Input placeholder="1.0.0" />
      </Form.Item>
      <Form.Item
        name="main"
        label={t("Main function", "main函数")}
        extra={t("Name of the function that the enclave calls", "可信执行环境调用的函数名")}
        validateFirst
        rules={[
          required,
          most(64),
          fits(MAIN, t("A name such as main: letters, digits, _ and $", "函数名，例如 main；仅支持字母、数字、_ 和 $")),
        ]}
      >
        <Input placeholder="main" className="mono" />
      </Form.Item>
      <Form.Item
        name="description"
        label={t("Description", "模型描述")}
        rules={[useDescriptionRule()]}
        extra={
          described
            ? t("Without a file, the description stays the same", "不选择文件则沿用当前描述")
            : t("Optional", "选填")
        }
      >
        <FileField accept=".md,text/markdown" hint={t(".md, at most 1 MB", "文件支持 md 格式，文件大小 1MB 以内")} />
      </Form.Item>
    </>
  );
};

const useDescriptionRule = () => {
  const t = useWords();
  const { language } = usePreferences();
  return fileRule(async (file) => {
    if (!/\.(md|markdown)$/i.test(file.name))
      return t("{name} is not a .md file", "“{name}”不是 md 格式文件", { name: file.name });
    if (file.size > DESCRIPTION_MAX) {
      const n = file.size.toLocaleString(language);
      return t("{n} bytes; at most 1 MB (1,048,576 bytes)", "文件为 {n} 字节，不能超过 1 MB（1,048,576 字节）", { n });
    }
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
      return undefined;
    } catch {
      return t("Not a UTF-8 text file", "文件内容不是 UTF-8 文本");
    }
  });
};

/** 模型信息: the archive, what runs it, and whether its code is to be read by others. */
export const ArchiveFields = () => {
  const t = useWords();
  const form = Form.useFormInstance<VersionGiven>();
  const [held, setHeld] = useState<string>();
  const judge = useArchiveRule(({ files, size, runner }) => {
    setHeld(
      t("{n} {n|file|files}, {size} unpacked", "共 {n} 个文件，解压后 {size}", { n: files, size: sizeText(size) }),
    );
    if (runner !== undefined) form.setFieldValue("runner", runner);
  });
  return (
    <>
      <Form.Item
        name="archive"
        label={t("Model file", "模型文件")}
        validateFirst
        rules={[{ required: true, message: t("Choose the model's file", "请上传模型文件") }, judge]}
        extra={held}
      >
        <FileField accept=".gz,.tgz" hint={t(".tar.gz, at most 20 MB", "请上传 tar.gz 格式文件，大小 20MB 以内")} />
      </Form.Item>
      <Form.Item
        name="runner"
        label={t("Runtime", "运行器")}
        extra={t("As entente.json in the archive says", "与模型文件中 entente.json 的声明一致")}
      >
        <Select options={RUNNERS} />
      </Form.Item>
      <Form.Item
        name="open"
        label={t("Publish the code", "公开代码")}
        valuePropName="checked"
        extra={t(
          "On: whoever may see the model reads its code before agreeing. Off: it is sealed, and only the enclave opens it.",
          "开启：可见该模型的成员在授权前可阅读代码。关闭：代码加密，仅可信执行环境可以打开。",
        )}
      >
        <Switch />
      </Form.Item>
    </>
  );
};

interface Inspected {
  readonly files: number;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly runner: string | undefined;
}
const GZIP = [0x1f, 0x8b];

const known = new WeakMap<File, Promise<Inspection>>();

/** The archive is unpacked by the enclave's own rules, here, before anything is sealed. */
const useArchiveRule = (found: (inspected: Inspected) => void) => {
  const t = useWords();
  const { language } = usePreferences();
  const { run } = useSealing();
  /** Judged when it is chosen and again when the form is sent: unpacked once. */
  const inspected = (file: File) => {
    const found = known.get(file) ?? run("inspect", { archive: file });
    known.set(file, found);
    found.catch(() => known.delete(file));
    return found;
  };
  return fileRule(async (file) => {
    if (!/\.(tar\.gz|tgz)$/i.test(file.name))
      return t("{name} is not a .tar.gz file", "“{name}”不是 tar.gz 格式文件", { name: file.name });
    if (file.size === 0) return t("The file is empty", "文件为空");
    if (file.size > ARCHIVE_MAX) {
      const n = file.size.toLocaleString(language);
      return t("{n} bytes; at most 20 MB (20,971,520 bytes)", "文件为 {n} 字节，不能超过 20 MB（20,971,520 字节）", {
        n,
      });
    }
    const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    if (!GZIP.every((byte, i) => start[i] === byte))
      return t("Its name ends in .tar.gz, its content is something else", "文件扩展名为 tar.gz，但内容不是 gzip 格式");
    try {
      const { files, manifest } = await inspected(file);
      if (manifest === null) return t("There is no entente.json in it", "文件中缺少 entente.json");
      const size = files.reduce((sum, one) => sum + one.size, 0);
      found({ files: files.length, size, runner: runnerIn(manifest) });
      return undefined;
    } catch (error) {
      return explainOf(error, language);
    }
  });
};

const runnerIn = (manifest: string): string | undefined => {
  try {
    const { runner } = JSON.parse(manifest) as { runner?: unknown };
    return RUNNERS.find(({ value }) => value === runner)?.value;
  } catch {
    return undefined;
  }
};
