/** 计算联盟管理: cards as the seed shows them, and the form of a new one. */
import { Button, Dropdown, Empty, Form, Input, Modal, Pagination, Select, Skeleton } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { z } from "zod";
import type { Alliance } from "../../contract/alliances.ts";
import { Name } from "../../rules/shapes.ts";
import { SignButton, useAct, useNotice } from "../parts/act.tsx";
import { useDraft } from "../parts/draft.ts";
import { NothingFits, SearchBox, useFilters } from "../parts/list.tsx";
import { Member } from "../parts/member.tsx";
import { Page as Frame } from "../parts/page.tsx";
import { counted, useRules } from "../parts/rules.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { downloadEncryptionKey, downloadIdentity } from "./alliance-files.ts";
import { Invite } from "./alliance-invite.tsx";

type Shown = z.output<typeof Alliance>;

export const Page = () => {
  const t = useWords();
  const { page, pageSize, get, narrowed, set } = useFilters();
  const search = get("search");
  const read = useView("alliances", "list", { page, pageSize, ...(search !== undefined && { search }) });
  const { account } = useSession();
  const creating = get("new") === "1";
  const create = <SignButton onClick={() => set({ new: "1" })}>{t("New alliance", "新建计算联盟")}</SignButton>;
  return (
    <Frame title={t("Alliances", "计算联盟管理")} actions={create}>
      <div className="row">
        <SearchBox placeholder={t("Alliance name", "联盟名称")} />
      </div>
      {read.error && !read.data ? <Failure error={read.error} retry={() => void read.refetch()} /> : null}
      {!read.data && !read.error ? <Skeleton active paragraph={{ rows: 6 }} /> : null}
      {read.data?.total === 0 ? (
        <div className="card">
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={
              narrowed ? (
                <NothingFits />
              ) : (
                <>
                  {t(
                    "Members of an alliance share limited use of their data. Create your first alliance.",
                    "联盟成员在计算联盟内实现数据有限共享应用，请先新建联盟。",
                  )}
                  {account && (
                    <div>
                      {t(
                        "Or ask to be invited: give the inviter your nickname, {nickname}, and your APPID,",
                        "或等待其他成员邀请：请将账号昵称“{nickname}”与 APPID 告知邀请方，APPID：",
                        { nickname: account.nickname },
                      )}{" "}
                      <Id>{account.appId}</Id>
                    </div>
                  )}
                </>
              )
            }
          >
            {!narrowed && create}
          </Empty>
        </div>
      ) : null}
      <div className="grid">
        {read.data?.items.map((alliance) => (
          <Card key={alliance.id} alliance={alliance} />
        ))}
      </div>
      {(read.data?.total ?? 0) > pageSize && (
        <Pagination
          align="end"
          current={page}
          pageSize={pageSize}
          total={read.data?.total ?? 0}
          onChange={(next) => set({ page: String(next) })}
        />
      )}
      <Create open={creating} close={() => set({ new: undefined })} />
    </Frame>
  );
};

const Card = ({ alliance }: { alliance: Shown }) => {
  const t = useWords();
  const [inviting, setInviting] = useState(false);
  const fetchKey = useAct(({ client }) => downloadEncryptionKey(client, alliance));
  const fetchIdentity = useAct(({ client }) => downloadIdentity(client, alliance));
  const failure = fetchKey.error ?? fetchIdentity.error;
  return (
    <article className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>
          <Link to={`/alliances/${alliance.id}`}>{alliance.name}</Link>
        </h2>
        <div style={{ textAlign: "right" }}>
          <div className="muted">{t("Members", "成员数量")}</div>
          <strong style={{ fontSize: 20 }}>{alliance.memberCount}</strong>
        </div>
      </div>
      <dl className="facts">
        <dt>{t("Created by", "创建者")}</dt>
        <dd>
          <Member of={alliance.creator} />
        </dd>
        <dt>{t("Created", "创建时间")}</dt>
        <dd>
          <Time at={alliance.createdAt} />
        </dd>
        <dt>{t("Joined", "加入时间")}</dt>
        <dd>
          <Time at={alliance.joinedAt} otherwise={t("Invited", "受邀中")} />
        </dd>
      </dl>
      {failure && <Failure error={failure} />}
      <div className="row">
        <SignButton type="default" onClick={() => setInviting(true)}>
          {t("Invite a member", "邀请成员")}
        </SignButton>
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              { key: "key", label: t("Download encryption key", "下载加密公钥"), onClick: () => fetchKey.mutate() },
              {
                key: "identity",
                label: t("Download chain identity", "下载链身份"),
                onClick: () => fetchIdentity.mutate(),
              },
            ],
          }}
        >
          <Button loading={fetchKey.isPending || fetchIdentity.isPending}>{t("More", "更多")}</Button>
        </Dropdown>
      </div>
      <Invite alliance={alliance} open={inviting} close={() => setInviting(false)} />
    </article>
  );
};

interface New {
  readonly name: string;
  readonly network: string;
  readonly description?: string;
}
const KEPT = ["name", "description"] as const;

const Create = ({ open, close }: { open: boolean; close: () => void }) => {
  const t = useWords();
  const notice = useNotice();
  const { most, fits } = useRules();
  const enclaves = useView("enclaves", "list", {}, { enabled: open });
  const [form] = Form.useForm<New>();
  const acknowledged = useDraft("alliance", form, KEPT);
  const create = useAct<unknown, New>(
    ({ client }, { name, network, description = "" }) =>
      client.alliances.create({ network, enclave: enclaves.data?.items[0]?.id ?? "", detail: { name, description } }),
    () => {
      acknowledged();
      form.resetFields();
      notice(t("The alliance is on the ledger.", "联盟已登记到账本。"));
      close();
    },
  );
  return (
    <Modal
      open={open}
      forceRender
      title={t("New alliance", "新建计算联盟")}
      afterOpenChange={(shown) => shown && form.focusField("name")}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t("Create and sign", "确定并签名")}
      confirmLoading={create.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ network: "evidence" }}
        onFinish={(given) => create.mutate(given)}
      >
        <Form.Item
          name="name"
          label={t("Alliance name", "联盟名称")}
          validateFirst
          rules={[
            { required: true, whitespace: true, message: t("Enter a name", "请输入联盟名称") },
            most(50),
            fits(Name, t("No leading or trailing spaces, no control characters", "首尾不能有空格，且不能包含控制字符")),
          ]}
        >
          <Input count={counted(50)} placeholder={t("Up to 50 characters", "联盟名称，50个字符以内")} />
        </Form.Item>
        <Form.Item name="network" label={t("Blockchain network", "区块链网络")}>
          <Select options={[{ value: "evidence", label: t("Evidence ledger (built in)", "存证账本（内置）") }]} />
        </Form.Item>
        <Form.Item label={t("Membership", "成员限制")}>{t("Real-name verified", "实名认证")}</Form.Item>
        <Form.Item name="description" label={t("Description", "联盟描述")} rules={[most(100)]}>
          <Input.TextArea count={counted(100)} autoSize={{ minRows: 2 }} placeholder={t("Optional", "请输入，选填")} />
        </Form.Item>
      </Form>
      {create.error && <Failure error={create.error} />}
    </Modal>
  );
};
