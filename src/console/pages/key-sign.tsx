/** 发起签名请求: what is to be signed is read here before it is asked for. */
import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Select } from "antd";
import { useNavigate } from "react-router";
import { toHex, utf8 } from "../../base/bytes.ts";
import type { KeyMessage } from "../../rules/key-messages.ts";
import type { KeyScheme } from "../../rules/key-schemes.ts";
import { useAct, useObstacle } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { pathOf } from "../parts/key-path.ts";
import { KeyPath } from "../parts/key-path-field.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { Message } from "./key-request-message.tsx";
import { RequestTerms } from "./key-request-terms.tsx";

interface Given {
  readonly key: string;
  readonly kind: Exclude<KeyMessage["kind"], "statement" | "certificate">;
  readonly content: string;
  readonly path?: string;
  readonly note?: string;
  readonly hours: number;
}
const KEPT = ["kind", "content", "path", "note", "hours"] as const;
const HOUR = 3_600_000;

const hexOf = (content: string): string => content.replaceAll(/\s/g, "").replace(/^0x/i, "").toLowerCase();
const messageOf = ({ kind, content }: Pick<Given, "kind" | "content">): KeyMessage => {
  if (kind === "typed-data") return { kind, json: content };
  return { kind, hex: kind === "message" ? toHex(utf8(content)) : hexOf(content) };
};
const isHex = (content: string): boolean => /^([0-9a-f]{2})+$/.test(hexOf(content));

/** @param of the key, where it is chosen already */
export const Sign = ({ of, close }: { of?: string; close: () => void }) => {
  const t = useWords();
  const go = useNavigate();
  const obstacle = useObstacle();
  const [form] = Form.useForm<Given>();
  const acknowledged = useDraft("key-sign", form, KEPT);
  const keys = useView("keys", "list", { tab: "requestable", state: "enabled", pageSize: 100 });
  const chosen = Form.useWatch("key", form) as string | undefined;
  const kind = (Form.useWatch("kind", form) as Given["kind"] | undefined) ?? "message";
  const content = (Form.useWatch("content", form) as string | undefined) ?? "";
  const path = pathOf(Form.useWatch("path", form) as string | undefined) ?? [];
  const key = keys.data?.items.find(({ stream }) => stream === chosen);
  const ask = useAct<{ resource: { id: string } }, Given>(
    async ({ client }, { hours, note, path, ...given }) => {
      const { requestSignatures } = await import("../../sdk/workflows/key-requests.ts");
      return requestSignatures(client, {
        ...{
          key: given.key,
          messages: [messageOf(given)],
          path: pathOf(path),
          note: note ?? "",
          expiresIn: hours * HOUR,
        },
      });
    },
    ({ resource }) => {
      acknowledged();
      close();
      void go(`/key-requests/${resource.id}`);
    },
  );
  const ethereum = key === undefined || key.scheme === "ECDSA_K1";
  const readable = content !== "" && (kind === "message" || kind === "typed-data" || isHex(content));
  return (
    <Modal
      open
      title={t("Request a signature", "发起签名请求")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Request and sign", "签名并发起")}
      okButtonProps={{ disabled: obstacle !== undefined, ...(obstacle && { title: obstacle }) }}
      confirmLoading={ask.isPending}
      width={640}
    >
      <Form
        form={form}
        name="key-sign"
        layout="vertical"
        initialValues={{ kind: "message", hours: 24, key: of }}
        onFinish={(given) => ask.mutate(given)}
      >
        <Form.Item
          name="key"
          label={t("Key", "密钥")}
          rules={[{ required: true, message: t("Choose a key", "请选择密钥") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            loading={keys.isPending}
            notFoundContent={t("No key that you may ask to sign", "没有您可请求签名的密钥")}
            options={(keys.data?.items ?? []).map(({ stream, alias, id, scheme, group }) => ({
              value: stream,
              label: `${alias ?? id} · ${scheme} · ${group.name}`,
            }))}
          />
        </Form.Item>
        <Form.Item name="kind" label={t("What is signed", "签名内容类型")}>
          <Select<Given["kind"]>
            options={[
              { value: "message", label: t("A message (text)", "消息（文本）") },
              { value: "digest", label: t("A digest of 32 bytes (hex)", "32 字节摘要（十六进制）") },
              {
                value: "transaction",
                label: t("An unsigned Ethereum transaction (hex)", "未签名的以太坊交易（十六进制）"),
                disabled: !ethereum,
              },
              {
                value: "typed-data",
                label: t("Typed data (EIP-712, JSON)", "结构化数据（EIP-712，JSON）"),
                disabled: !ethereum,
              },
            ]}
          />
        </Form.Item>
        <Form.Item
          name="content"
          label={t("Content", "签名内容")}
          rules={[
            { required: true, message: t("Enter what is to be signed", "请输入签名内容") },
            {
              validator: (_, value: string = "") => {
                if (value === "" || kind === "message" || kind === "typed-data") return Promise.resolve();
                if (!isHex(value))
                  return Promise.reject(new Error(t("Hexadecimal, whole bytes", "请输入十六进制整字节")));
                const short = kind === "digest" && hexOf(value).length !== 64;
                return short ? Promise.reject(new Error(t("32 bytes", "须为 32 字节"))) : Promise.resolve();
              },
            },
          ]}
        >
          <Input.TextArea className={kind === "message" ? "" : "mono"} autoSize={{ minRows: 3, maxRows: 12 }} />
        </Form.Item>
        {key && readable && <Preview of={key} path={path} kind={kind} content={content} />}
        <details style={{ marginBottom: 24 }}>
          <summary style={{ cursor: "pointer" }}>{t("Sign with a child key", "使用子密钥签名")}</summary>
          <div style={{ paddingTop: 12 }}>
            <KeyPath />
          </div>
        </details>
        <RequestTerms />
      </Form>
      {ask.error && <Failure error={ask.error} />}
    </Modal>
  );
};

/** What approvers will read. */
const Preview = (props: {
  of: { stream: string; scheme: KeyScheme; publicKey: string | null };
  path: readonly number[];
  kind: Given["kind"];
  content: string;
}) => {
  const { of, path, kind, content } = props;
  const { client } = useSession();
  const { data, error } = useQuery({
    queryKey: ["read-message", of.stream, of.publicKey, path, kind, content],
    queryFn: async () => {
      const { readMessage } = await import("../../sdk/workflows/read-message.ts");
      const { scheme } = of;
      const { publicKeyAt } = await import("../../sdk/workflows/child-key.ts");
      const publicKey = path.length > 0 ? publicKeyAt(await client.keys.get({ id: of.stream }), path) : of.publicKey;
      return readMessage({ scheme, publicKey }, messageOf({ kind, content }), 1);
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <Failure error={error} />;
  return data ? (
    <div style={{ marginBottom: 16 }}>
      <Message read={data} />
    </div>
  ) : null;
};
