/** 托管身份: who signs in this organisation's name, and how its key comes into the hands of nodes that none can use alone. */
import { Alert, Button, Modal, Select } from "antd";
import { useState } from "react";
import { useActing } from "../identity/identity.tsx";
import { useAct, useNotice } from "../parts/act.tsx";
import { Fact } from "../parts/fact.tsx";
import { Failure } from "../parts/said.tsx";
import { Id, Time } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { useView } from "../views.ts";

export const Managed = () => {
  const t = useWords();
  const { me = "" } = useActing();
  const { permissions } = useSession();
  const { data } = useView("organisations", "get", { id: me }, { enabled: me !== "" });
  const key = data?.managedKey;
  return (
    <section className="card stack">
      <Alert
        type="warning"
        title={
          key
            ? t("Key nodes sign in your name.", "密钥节点以您的名义签名。")
            : t("The platform keeps your key.", "您的密钥由平台托管。")
        }
        description={
          key
            ? t(
                "No machine holds the key. The platform still asks in your name: what the group's policies permit, its operator can have signed.",
                "没有任何机器持有该密钥。但请求仍由平台以您的名义提出：群组策略允许的内容，平台运营方都能够让节点签名。",
              )
            : t(
                "Its operator can sign in your name, and you trust it not to.",
                "平台运营方能够以您的名义签名，您需要信任平台。",
              )
        }
      />
      <dl className="facts">
        <Fact name={t("Identity on the ledger", "账本上的身份")}>
          <Id>{me}</Id>
        </Fact>
        {key && (
          <>
            <Fact name={t("Key", "密钥")}>
              <Id>{key.key}</Id>
            </Fact>
            <Fact name={t("Key group", "密钥群组")}>
              <Id>{key.group}</Id>
            </Fact>
            {key.held !== null && (
              <Fact name={t("The platform held it until", "平台曾持有至")}>
                <Time at={key.held} />
              </Fact>
            )}
          </>
        )}
      </dl>
      {data && !key && permissions.has("identity.found") && permissions.has("key.read") && <HandOver />}
    </section>
  );
};

const HandOver = () => {
  const t = useWords();
  const notice = useNotice();
  const [open, setOpen] = useState(false);
  const [group, setGroup] = useState<string>();
  const groups = useView("keyGroups", "list", {}, { enabled: open });
  const move = useAct(
    ({ client }) => client.organisations.moveKey(group === undefined ? {} : { keyGroup: group }),
    () => {
      notice(t("The nodes sign for you now.", "现由密钥节点为您签名。"));
      setOpen(false);
    },
  );
  return (
    <>
      <Button style={{ alignSelf: "flex-start" }} onClick={() => setOpen(true)}>
        {t("Hand the key to a key group", "将密钥交由密钥群组")}
      </Button>
      <Modal
        open={open}
        title={t("Hand the key to a key group", "将密钥交由密钥群组")}
        onCancel={() => setOpen(false)}
        onOk={() => move.mutate()}
        okText={t("Hand it over", "确认移交")}
        confirmLoading={move.isPending}
      >
        <div className="stack">
          <p className="muted" style={{ margin: 0 }}>
            {t(
              "The platform splits the key among the nodes and forgets it. Copies in its backups from before still sign.",
              "平台将密钥拆分给各节点后删除；此前备份中的副本仍可用于签名。",
            )}
          </p>
          <Select
            allowClear
            aria-label={t("Key group", "密钥群组")}
            placeholder={t("The group that the platform names", "平台指定的群组")}
            value={group ?? null}
            onChange={(to: string | null) => setGroup(to ?? undefined)}
            options={(groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name || id }))}
          />
          {move.error && <Failure error={move.error} />}
        </div>
      </Modal>
    </>
  );
};
