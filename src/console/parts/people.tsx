/** A field of members: each looked up by nickname and APPID, which have to fit each other, and named from then on. */
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Space, Tag } from "antd";
import { useState } from "react";
import { useWords } from "../preferences.tsx";
import { useSession } from "../session.tsx";
import { Member, type Someone } from "./member.tsx";
import { Failure } from "./said.tsx";

interface Props {
  readonly id?: string;
  readonly value?: readonly Someone[];
  readonly onChange?: (to: readonly Someone[]) => void;
  /** Offered with one click: those who are known already. */
  readonly known?: readonly Someone[];
}

export const People = ({ id, value = [], onChange, known = [] }: Props) => {
  const t = useWords();
  const { client } = useSession();
  const [nickname, setNickname] = useState("");
  const [appId, setAppId] = useState("");
  const add = (one: Someone) => onChange?.([...value.filter((other) => other.id !== one.id), one]);
  const find = useMutation({
    mutationFn: async () => {
      const { findMember } = await import("../../sdk/workflows/find-member.ts");
      return findMember(client, { nickname: nickname.trim(), appId: appId.trim() });
    },
    onSuccess: ({ member, ...found }) => {
      add({ id: member, nickname: found.nickname, appId: found.appId });
      setNickname("");
      setAppId("");
    },
  });
  const ready = nickname.trim() !== "" && /^\d{10}$/.test(appId.trim());
  const others = known.filter((one) => !value.some((has) => has.id === one.id));
  return (
    <div className="stack" style={{ gap: 8 }}>
      {value.length > 0 && (
        <div className="row">
          {value.map((one) => (
            <Tag
              key={one.id}
              closable
              onClose={(event) => {
                event.preventDefault();
                onChange?.(value.filter((other) => other.id !== one.id));
              }}
              style={{ padding: 4 }}
            >
              <Member of={one} />
            </Tag>
          ))}
        </div>
      )}
      {others.length > 0 && (
        <div className="row">
          {others.map((one) => (
            <Button key={one.id} size="small" type="dashed" onClick={() => add(one)}>
              + {one.nickname}
            </Button>
          ))}
        </div>
      )}
      <Space.Compact>
        <Input
          {...(id !== undefined && { id })}
          placeholder={t("Account nickname", "账号昵称")}
          aria-label={t("Account nickname", "账号昵称")}
          value={nickname}
          onChange={({ target }) => setNickname(target.value)}
        />
        <Input
          placeholder="APPID"
          aria-label="APPID"
          inputMode="numeric"
          value={appId}
          onChange={({ target }) => setAppId(target.value)}
          onPressEnter={(event) => {
            event.preventDefault();
            if (ready) find.mutate();
          }}
          style={{ width: 130 }}
        />
        <Button disabled={!ready} loading={find.isPending} onClick={() => find.mutate()}>
          {t("Add", "添加")}
        </Button>
      </Space.Compact>
      {find.error && <Failure error={find.error} />}
    </div>
  );
};

/** Streams as the ledger takes a set: each once, in growing order. */
export const streamsOf = (people: readonly Someone[] = []): string[] => [...new Set(people.map(({ id }) => id))].sort();

/** Everybody of a role, by name. */
export const All = ({ of }: { of: readonly Someone[] }) => {
  const t = useWords();
  if (of.length === 0) return <span className="muted">{t("nobody", "无")}</span>;
  return (
    <span className="row" style={{ gap: 16 }}>
      {of.map((one) => (
        <Member key={one.id} of={one} />
      ))}
    </span>
  );
};
