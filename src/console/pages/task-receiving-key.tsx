/** 加密公钥: a .pem file of the receiver's, or a pair made in this browser whose private half is saved encrypted. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Segmented } from "antd";
import { useState } from "react";
import { Drop } from "../parts/drop.tsx";
import { save } from "../parts/files.ts";
import { useOnce } from "../parts/once.ts";
import { NewPassphrase } from "../parts/passphrase.tsx";
import { Failure } from "../parts/said.tsx";
import { Id } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { beside } from "./task-work.ts";

interface ReceivingKeyProps {
  /** Name of the file that a new private key is saved as. */
  readonly name: string;
  /** Public key, PEM. */
  readonly value: string | undefined;
  readonly onChange: (pem: string | undefined) => void;
}

/** @throws Refusal receiver-key.*, key.* */
const keyOf = async (pem: string) => (await import("../../trust/envelope/recipient.ts")).receiverKey(pem);

/** Kind and thumbprint of a public key. */
export const KeyPrint = ({ pem }: { pem: string }) => {
  const { data, error } = useQuery({ queryKey: ["receiver-key", pem], queryFn: () => keyOf(pem), retry: false });
  if (error) return <Failure error={error} />;
  if (!data) return <span className="muted">…</span>;
  return (
    <span className="row">
      {data.publicKey.kind} · SHA-256 <Id>{data.thumbprint}</Id>
    </span>
  );
};

export const ReceivingKey = ({ name, value, onChange }: ReceivingKeyProps) => {
  const t = useWords();
  const [how, setHow] = useState<"make" | "file">("make");
  const [file, setFile] = useState<string>();
  const given = useMutation({
    mutationFn: async (chosen: File) => {
      setFile(chosen.name);
      const pem = await chosen.slice(0, 65_536).text();
      await keyOf(pem);
      return pem;
    },
    onSuccess: (pem) => onChange(pem),
    onError: () => onChange(undefined),
  });
  return (
    <div className="stack" style={{ gap: 8 }}>
      <Segmented<"make" | "file">
        style={{ alignSelf: "flex-start" }}
        aria-label={t("Where the key comes from", "公钥来源")}
        value={how}
        onChange={(next) => {
          setHow(next);
          onChange(undefined);
          setFile(undefined);
          given.reset();
        }}
        options={[
          { value: "make", label: t("Create a key here", "在浏览器中生成") },
          { value: "file", label: t("I have a key (.pem)", "已有公钥（.pem）") },
        ]}
      />
      {how === "file" && (
        <Drop accept=".pem" onFile={(chosen) => given.mutate(chosen)} chosen={file}>
          {t("The public key that the result is sealed to", "请上传使用方的结果加密公钥，支持 .pem 格式文件")}
        </Drop>
      )}
      {how === "make" && !value && <Make name={name} done={onChange} />}
      {given.error && <Failure error={given.error} />}
      {value && (
        <div className="row">
          <span className="muted">{t("Sealed to", "加密公钥")}</span>
          <KeyPrint pem={value} />
        </div>
      )}
    </div>
  );
};

const Make = ({ name, done }: { name: string; done: (pem: string) => void }) => {
  const t = useWords();
  const [form] = Form.useForm<{ passphrase: string }>();
  // One pair, one file: of two the result would be sealed to either.
  const once = useOnce(async ({ passphrase }: { passphrase: string }) => {
    const { publicPem, privatePem } = await beside("pair", { passphrase });
    save(name, privatePem, "application/x-pem-file");
    return publicPem;
  });
  const make = useMutation({ mutationFn: once, onSuccess: done });
  return (
    <Form component={false} form={form} layout="vertical" onFinish={(given) => make.mutate(given)}>
      <NewPassphrase label={t("Passphrase of the new private key", "新私钥的口令")} />
      {make.error && <Failure error={make.error} />}
      <div className="row">
        <Button onClick={form.submit} loading={make.isPending}>
          {t("Create and save the private key file", "生成密钥并保存私钥文件")}
        </Button>
        <span className="muted">
          {t("Without this file nobody can open the result.", "没有该文件，任何人都无法打开结果。")}
        </span>
      </div>
    </Form>
  );
};
