/** 撤回: asked once more, since it is for good. */
import { Button, Modal } from "antd";
import { useState } from "react";
import { useWords } from "../preferences.tsx";
import { SignButton, useAct } from "./act.tsx";
import type { Shared } from "./permission.tsx";
import { Failure } from "./said.tsx";

export const Withdraw = ({ what, of: { id, name } }: { what: Shared; of: { id: string; name: string } }) => {
  const t = useWords();
  const [open, setOpen] = useState(false);
  const withdraw = useAct(
    ({ client }) => (what === "model" ? client.models : client.sources).withdraw(id) as Promise<unknown>,
    () => setOpen(false),
  );
  return (
    <>
      <Button danger onClick={() => setOpen(true)}>
        {t("Withdraw", "撤回")}
      </Button>
      <Modal
        open={open}
        title={t("Withdraw {name}?", "确定撤回【{name}】吗？", { name })}
        onCancel={() => setOpen(false)}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>{t("Keep it", "取消")}</Button>
            <SignButton danger loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
              {t("Withdraw and sign", "撤回并签名")}
            </SignButton>
          </>
        }
      >
        <p>
          {t(
            "No new task can use it, and this cannot be undone. What happened with it stays on the ledger.",
            "撤回后新任务无法再使用，且不可恢复；已发生的记录仍保留在账本上。",
          )}
        </p>
        {withdraw.error && <Failure error={withdraw.error} />}
      </Modal>
    </>
  );
};
