/** Where an object of an S3-compatible store is: sealed to the enclave, which reads it where it lies. */
import { Checkbox, Form, Input, Select } from "antd";
import { ObjectLocation } from "../../rules/object-location.ts";
import { FileField } from "../parts/file-field.tsx";
import { useRules } from "../parts/rules.tsx";
import { useWords } from "../preferences.tsx";
import { useCertificateRule } from "./source-fields.tsx";

export interface ObjectGiven {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly objectKey: string;
  readonly objectFormat: "csv" | "parquet";
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly storeCertificate?: File;
}
/** What of it a draft may keep: no secret, no file. */
export const OBJECT_KEPT = ["endpoint", "region", "bucket", "objectKey", "objectFormat", "pathStyle"] as const;
export const OBJECT_FIELDS = [
  ...OBJECT_KEPT,
  ...(["accessKeyId", "secretAccessKey", "sessionToken", "storeCertificate"] as const),
] as const;
export const OBJECT_NEW = { objectFormat: "csv", pathStyle: false } as const;

export const locationOf = async (given: ObjectGiven) => {
  const { endpoint, region, bucket, objectKey: key, objectFormat: format, pathStyle, accessKeyId } = given;
  const { secretAccessKey, sessionToken, storeCertificate } = given;
  return {
    ...{ endpoint, region, bucket, key, format, pathStyle, accessKeyId, secretAccessKey },
    ...(sessionToken && { sessionToken }),
    ...(storeCertificate && { rootCertificate: await storeCertificate.text() }),
  };
};

const { endpoint: ENDPOINT, region: REGION, bucket: BUCKET, key: KEY } = ObjectLocation.shape;

export const ObjectFields = () => {
  const t = useWords();
  const { required, most, fits } = useRules();
  const form = Form.useFormInstance<ObjectGiven>();
  const certificate = useCertificateRule();
  return (
    <>
      <Form.Item
        name="endpoint"
        label={t("Endpoint", "服务地址")}
        validateFirst
        rules={[
          required,
          most(512),
          fits(
            ENDPOINT,
            t("https://host or https://host:port, nothing behind it", "请输入 https://主机 或 https://主机:端口"),
          ),
        ]}
      >
        <Input placeholder="https://s3.example.org" autoComplete="off" inputMode="url" />
      </Form.Item>
      <Form.Item
        name="region"
        label={t("Region", "地域")}
        validateFirst
        rules={[required, fits(REGION, t("Small letters, digits and -", "仅支持小写字母、数字和 -"))]}
      >
        <Input placeholder="us-east-1" autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="bucket"
        label={t("Bucket", "存储桶")}
        validateFirst
        rules={[
          required,
          fits(BUCKET, t("3 to 63 small letters, digits, . and -", "3 至 63 个小写字母、数字、. 或 -")),
        ]}
      >
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="objectKey"
        label={t("Object", "对象名")}
        validateFirst
        rules={[required, most(1_024), fits(KEY, t("A path without segments . and ..", "路径中不能包含 . 或 .. 段"))]}
      >
        <Input
          placeholder="tables/diagnoses.csv"
          autoComplete="off"
          onBlur={({ target }) => {
            const end = /\.(csv|parquet)$/i.exec(target.value)?.[1]?.toLowerCase();
            if (end) form.setFieldValue("objectFormat", end);
          }}
        />
      </Form.Item>
      <Form.Item name="objectFormat" label={t("Its format", "文件格式")}>
        <Select
          options={[
            { value: "csv", label: "CSV" },
            { value: "parquet", label: "Parquet" },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="pathStyle"
        valuePropName="checked"
        dependencies={["endpoint", "bucket"]}
        rules={[
          ({ getFieldsValue }) => ({
            async validator() {
              const { endpoint = "", bucket = "", pathStyle } = getFieldsValue(true) as Partial<ObjectGiven>;
              const named = URL.canParse(endpoint) && !URL.canParse(`https://${bucket}.${new URL(endpoint).host}`);
              if (!pathStyle && named && bucket !== "")
                throw new Error(t("A store at an IP address is asked by path", "以 IP 地址访问时须使用路径方式"));
            },
          }),
        ]}
        extra={t(
          "https://host/bucket/object, as many stores other than Amazon's have it",
          "https://主机/存储桶/对象，多数非 AWS 的存储使用此方式",
        )}
      >
        <Checkbox>{t("Bucket in the path", "路径方式访问")}</Checkbox>
      </Form.Item>
      <Form.Item
        name="accessKeyId"
        label={t("Access key", "访问密钥 ID")}
        validateFirst
        rules={[required, most(256)]}
        extra={t("One that may read this object and nothing else", "建议使用仅可读取该对象的密钥")}
      >
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="secretAccessKey"
        label={t("Secret key", "访问密钥")}
        rules={[{ required: true, message: required.message }, most(1_024)]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="sessionToken"
        label={t("Session token", "临时令牌")}
        extra={t("Only with temporary keys", "仅临时密钥需要填写")}
        rules={[most(16_384)]}
      >
        <Input.Password autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="storeCertificate"
        label={t("Root certificate of the store", "存储服务根证书")}
        rules={[certificate]}
        extra={t("Without it the public authorities count", "不上传则使用公共根证书")}
      >
        <FileField accept=".pem" hint={t("Optional, .pem", "选填，仅支持 .pem 格式")} />
      </Form.Item>
    </>
  );
};
