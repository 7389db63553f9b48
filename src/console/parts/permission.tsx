/** 模型权限 and 数据源权限: who may apply to use something, and the choice of members for 定向公开. */
import { Button, Form, Modal, Radio, Select, Tag, Tooltip } from "antd";
import { useState } from "react";
import { permissionLabels } from "../../contract/shapes.ts";
import type { Permission } from "../../rules/shapes.ts";
import { useActing } from "../identity/identity.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";
import { SignOrCancel, useAct } from "./act.tsx";
import type { Someone } from "./member.tsx";
import { Failure } from "./said.tsx";

export type Shared = "model" | "source";
type Kind = Permission["kind"];
const KINDS = ["private", "named", "public"] as const;
const COLOURS = { private: "default", named: "processing", public: "success" } as const;

/** What is chosen in a form. */
export interface Chosen {
  readonly kind: Kind;
  readonly members: readonly string[];
}
export const chosenOf = ({ kind, members = [] }: { kind: Kind; members?: readonly Someone[] | undefined }): Chosen => ({
  kind,
  members: members.map(({ id }) => id),
});
export const permissionOf = ({ kind, members }: Chosen): Permission =>
  kind === "named" ? { kind, members: [...members] } : { kind };

/** Members of the same alliances, each once. */
export const useFellows = (): readonly Someone[] => {
  const { me } = useActing();
  const { data } = useView("alliances", "list", { pageSize: 100 });
  const all = new Map((data?.items ?? []).flatMap(({ members }) => members.map((one) => [one.id, one] as const)));
  return [...all.values()].filter(({ id }) => id !== me);
};

const useHelp = (what: Shared): Readonly<Record<Kind, string>> => {
  const t = useWords();
  return what === "model"
    ? {
        private: t("Only you can use this model", "仅自己可以使用该计算模型"),
        named: t("Chosen members of your alliances may apply to use it", "指定的联盟成员可申请使用该计算模型"),
        public: t("Members of your alliances, now and later, may apply", "现在及以后与您关联的联盟成员均可申请使用"),
      }
    : {
        private: t("Only you can use this data source", "仅自己可以使用该数据源"),
        named: t("Chosen members of your alliances may apply to use it", "指定的联盟成员可申请使用该数据源"),
        public: t("Members of your alliances, now and later, may apply", "现在及以后与您关联的联盟成员均可申请使用"),
      };
};

interface FieldProps {
  readonly what: Shared;
  readonly value?: Chosen;
  readonly onChange?: (chosen: Chosen) => void;
}

const Field = ({ what, value = { kind: "private", members: [] }, onChange }: FieldProps) => {
  const t = useWords();
  const help = useHelp(what);
  const fellows = useFellows();
  const known = new Set(fellows.map(({ id }) => id));
  const unknown = value.members.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id.slice(0, 8) }));
  return (
    <div className="stack" style={{ gap: 8 }}>
      <Radio.Group
        value={value.kind}
        onChange={({ target }) => onChange?.({ ...value, kind: target.value as Kind })}
        style={{ display: "flex", flexDirection: "column", gap: 8 }}
      >
        {KINDS.map((kind) => (
          <Radio key={kind} value={kind}>
            {t(permissionLabels[kind])} <span className="muted">{help[kind]}</span>
          </Radio>
        ))}
      </Radio.Group>
      {value.kind === "named" && (
        <Select
          mode="multiple"
          aria-label={t("Members", "成员")}
          value={[...value.members]}
          onChange={(members) => onChange?.({ ...value, members })}
          maxCount={100}
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t("Choose members", "请选择联盟成员")}
          notFoundContent={t("Nobody else is in an alliance with you yet.", "暂无同联盟的其他成员。")}
          options={[
            ...fellows.map(({ id, nickname, appId }) => ({ value: id, label: `${nickname} · ${appId}` })),
            ...unknown,
          ]}
        />
      )}
    </div>
  );
};

export const PermissionField = ({ what }: { what: Shared }) => {
  const t = useWords();
  return (
    <Form.Item
      name="permission"
      label={what === "model" ? t("Model permission", "模型权限") : t("Source permission", "数据源权限")}
      required
      // Not before there was time to choose somebody.
      validateTrigger={[]}
      rules={[
        {
          async validator(_: unknown, { kind, members }: Chosen) {
            if (kind === "named" && members.length === 0)
              throw new Error(t("Choose at least one member", "请至少选择一个成员"));
          },
        },
      ]}
    >
      <Field what={what} />
    </Form.Item>
  );
};

/** In lists and heads; who is named, on hover. */
export const PermissionTag = ({
  of: { kind, members },
}: {
  of: { kind: Kind; members?: readonly Someone[] | undefined };
}) => {
  const t = useWords();
  return (
    <Tooltip title={members?.map(({ nickname }) => nickname).join(" · ")}>
      <Tag color={COLOURS[kind]}>{t(permissionLabels[kind])}</Tag>
    </Tooltip>
  );
};

/** A model or a source, as far as its permission goes. */
export interface Permitted {
  readonly id: string;
  readonly name: string;
  readonly permission: { readonly kind: Kind; readonly members?: readonly Someone[] | undefined };
}

interface ChangeProps {
  readonly what: Shared;
  readonly of: Permitted;
}

/** 修改权限 */
export const ChangePermission = ({ what, of, link = false }: ChangeProps & { link?: boolean }) => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      {link ? (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => setOpen(true)}>
          {t("Permission", "修改权限")}
        </Button>
      ) : (
        <Button onClick={() => setOpen(true)}>{t("Change permission", "修改权限")}</Button>
      )}
      {open && <Change what={what} of={of} close={() => setOpen(false)} />}
    </>
  );
};

const Change = ({ what, of: { id, name, permission }, close }: ChangeProps & { close: () => void }) => {
  const t = useWords();
  const [form] = Form.useForm<{ permission: Chosen }>();
  const change = useAct<unknown, Permission>(
    ({ client }, to) => (what === "model" ? client.models : client.sources).permit(id, { permission: to }),
    close,
  );
  return (
    <Modal
      open
      title={t("Who may apply to use {name}", "修改【{name}】的权限", { name })}
      onCancel={close}
      footer={
        <SignOrCancel cancel={close} onClick={() => form.submit()} loading={change.isPending}>
          {t("Change and sign", "修改并签名")}
        </SignOrCancel>
      }
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ permission: chosenOf(permission) }}
        onFinish={(given) => change.mutate(permissionOf(given.permission))}
      >
        <PermissionField what={what} />
      </Form>
      <p className="muted">
        {t("Tasks that were created before stay as they are.", "修改不影响此前已创建的计算任务。")}
      </p>
      {change.error && <Failure error={change.error} />}
    </Modal>
  );
};
