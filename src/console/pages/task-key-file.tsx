/** The private key that something was sealed to: its file is read here, opened by its passphrase, and never kept. */
import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { Drop } from "../parts/drop.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";

/** A PEM file is small; what is larger is another file. */
const MAX = 65_536;

interface KeyGiven {
  readonly pem: string;
  readonly passphrase: string | undefined;
}

export const KeyFile = ({ say, open }: { say: string; open: (given: KeyGiven) => Promise<unknown> }) => {
  const t = useWords();
  const [file, setFile] = useState<{ name: string; pem: string }>();
  const [wrong, setWrong] = useState<string>();
  const opening = useMutation({
    mutationFn: ({ passphrase = "" }: { passphrase?: string }) =>
      open({ pem: file?.pem ?? "", passphrase: passphrase === "" ? undefined : passphrase }),
  });
  const encrypted = file?.pem.includes("ENCRYPTED") ?? false;
  const choose = async (given: File) => {
    opening.reset();
    setWrong(undefined);
    const pem = given.size <= MAX ? await given.text() : "";
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) setFile({ name: given.name, pem });
    else {
      setFile(undefined);
      setWrong(
        t(
          "{name} holds no private key in PEM. Choose the file that you saved.",
          "{name} 中没有 PEM 格式的私钥，请选择您保存的私钥文件。",
          {
            name: given.name,
          },
        ),
      );
    }
  };
  return (
    <Form layout="vertical" className="stack narrow" onFinish={(given) => opening.mutate(given)}>
      <Drop accept=".pem,.key" onFile={(given) => void choose(given)} chosen={file?.name}>
        {t("Your private key (.pem); it stays on this machine", "您的私钥文件（.pem），仅在本机读取")}
      </Drop>
      {wrong && (
        <div role="alert" style={{ color: "var(--bad)" }}>
          {wrong}
        </div>
      )}
      {encrypted && (
        <Form.Item
          name="passphrase"
          label={t("Its passphrase", "私钥口令")}
          style={{ margin: 0 }}
          rules={[{ required: true, message: t("Enter the passphrase", "请输入口令") }]}
        >
          <Input.Password autoComplete="off" />
        </Form.Item>
      )}
      {opening.error && <Failure error={opening.error} />}
      <div>
        <Button type="primary" htmlType="submit" disabled={!file} loading={opening.isPending}>
          {say}
        </Button>
      </div>
    </Form>
  );
};
