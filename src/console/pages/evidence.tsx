/** 证据: a bundle, dropped here or opened by id, verified in this browser and drawn. */
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Skeleton, Upload } from "antd";
import { useEffect } from "react";
import { Link } from "react-router";
import { useFilters } from "../parts/list.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Report } from "./evidence-report.tsx";
import { LARGEST, verifyBeside } from "./evidence-verify.ts";
import type { Answer } from "./evidence-worker.ts";
import "./trust.css";

interface Opened {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly answer: Answer;
}
type Wanted = File | { readonly task: string } | { readonly request: string } | Pick<Opened, "name" | "bytes">;

export const Page = () => {
  const t = useWords();
  const { get, set } = useFilters();
  const [task, request] = [get("task"), get("request")];
  const open = useOpen();
  const { mutate } = open;
  useEffect(() => {
    if (task !== undefined) mutate({ task });
    else if (request !== undefined) mutate({ request });
  }, [mutate, task, request]);
  const again = () => open.data && mutate({ name: open.data.name, bytes: open.data.bytes });
  const byId = (id: string) => {
    const isRequest = /^R\d{10,}$/.test(id);
    if (id !== "") set({ task: isRequest ? undefined : id, request: isRequest ? id : undefined });
  };
  const { data, error, isPending } = open;
  return (
    <Frame
      title={t("Evidence", "证据")}
      actions={
        data && "proven" in data.answer && !data.answer.proven.differs ? (
          <Button type="primary" onClick={() => print()}>
            {t("Print the certificate", "打印证书")}
          </Button>
        ) : null
      }
    >
      <section className="card stack no-print">
        <Upload.Dragger
          accept=".json,application/json"
          showUploadList={false}
          beforeUpload={(file) => {
            set({ task: undefined, request: undefined });
            mutate(file);
            return false;
          }}
        >
          <p style={{ margin: "4px 0" }}>
            {t("Drop an evidence bundle here, or click to choose a file", "将证据包文件拖到此处，或点击选择")}
          </p>
          <p className="muted" style={{ margin: "4px 0" }}>
            {t("It is verified in this browser and never uploaded.", "证据包仅在本浏览器中验证，不会上传。")}
          </p>
        </Upload.Dragger>
        <Input.Search
          key={task ?? request ?? ""}
          defaultValue={task ?? request}
          placeholder={t("Or the ID of a task or request", "或输入任务或请求编号")}
          aria-label={t("Task or request ID", "任务或请求编号")}
          enterButton={t("Open", "打开")}
          onSearch={(value) => byId(value.trim())}
          style={{ maxWidth: 560 }}
        />
        <Recent open={byId} />
      </section>
      {error && <Failure error={error} />}
      {isPending && <Skeleton active paragraph={{ rows: 8 }} />}
      {data && !isPending && !error && <Report name={data.name} answer={data.answer} again={again} />}
    </Frame>
  );
};

const useOpen = () => {
  const t = useWords();
  const { client } = useSession();
  return useMutation<Opened, Error, Wanted>({
    async mutationFn(wanted) {
      const [name, bytes] = await read(wanted);
      return { name, bytes, answer: await verifyBeside(bytes) };
    },
  });

  async function read(wanted: Wanted): Promise<[string, Uint8Array]> {
    if ("bytes" in wanted && !(wanted instanceof File)) return [wanted.name, wanted.bytes];
    if ("task" in wanted) return [wanted.task, await (await client.tasks.bundle({ id: wanted.task })).bytes()];
    if ("request" in wanted)
      return [wanted.request, await (await client.keyRequests.bundle({ id: wanted.request })).bytes()];
    if (wanted.size > LARGEST) throw new Error(t("This file is too large for a bundle.", "文件过大，不是证据包。"));
    return [wanted.name, new Uint8Array(await wanted.arrayBuffer())];
  }
};

/** The newest runs that have evidence, one click away. */
const Recent = ({ open }: { open: (id: string) => void }) => {
  const t = useWords();
  const { permissions } = useSession();
  const tasks = useView(
    "tasks",
    "list",
    { state: "succeeded", pageSize: 5 },
    { enabled: permissions.has("task.read") },
  );
  if (!tasks.data?.items.length) return null;
  return (
    <div className="row">
      <span className="muted">{t("Recent runs", "最近的执行")}</span>
      {tasks.data.items.map(({ id, name }) => (
        <Link
          key={id}
          to={`/evidence?task=${id}`}
          className="chip"
          onClick={(event) => {
            event.preventDefault();
            open(id);
          }}
        >
          {name}
        </Link>
      ))}
    </div>
  );
};
