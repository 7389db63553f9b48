/** 邀请成员: by nickname and APPID, which have to fit each other. */
import { Form, Input, Modal } from "antd";
import { findMember } from "../../sdk/workflows/find-member.ts";
import { useAct, useNotice } from "../parts/act.tsx";
import { Failure } from "../parts/said.tsx";
import { useWords } from "../preferences.tsx";

interface Given {
  readonly nickname: string;
  readonly appId: string;
}

interface Props {
  readonly alliance: { readonly id: string; readonly name: string };
  readonly open: boolean;
  readonly close: () => void;
}

/** Stays while it is closed: a dialog that is gone gives the focus back to nobody. */
export const Invite = ({ alliance, open, close }: Props) => {
  const t = useWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const invite = useAct<unknown, Given>(
    async ({ client }, given) => {
      const { member } = await findMember(client, given);
      return client.alliances.invite(alliance.id, { member });
    },
    () => {
      notice(t("Invitation sent. It expires in 7 days.", "已发出邀请，7 天内有效。"));
      close();
    },
  );
  return (
    <Modal
      open={open}
      destroyOnHidden
      afterClose={() => invite.reset()}
      title={t("Invite a member to {name}", "邀请成员加入【{name}】", { name: alliance.name })}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Invite and sign", "确定并签名")}
      confirmLoading={invite.isPending}
    >
      <Form form={form} preserve={false} layout="vertical" onFinish={(given) => invite.mutate(given)}>
        <Form.Item
          name="nickname"
          label={t("Account nickname", "账号昵称")}
          rules={[{ required: true, message: t("Enter the nickname", "请输入账号昵称") }]}
        >
          <Input autoFocus />
        </Form.Item>
        <Form.Item
          name="appId"
          label="APPID"
          extra={t("Ten digits, on the member's account page", "10 位数字，见对方账号信息页")}
          rules={[{ required: true, pattern: /^\d{10}$/, message: t("Ten digits", "请输入 10 位数字") }]}
        >
          <Input inputMode="numeric" />
        </Form.Item>
      </Form>
      {invite.error && <Failure error={invite.error} />}
    </Modal>
  );
};
