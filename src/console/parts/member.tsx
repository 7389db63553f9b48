/** People before ids: an organisation by its name, with a colour of its own. */
import { useWords } from "../preferences.tsx";

export interface Someone {
  readonly id: string;
  readonly nickname: string;
  readonly appId?: string;
}

/** Always the same for the same id, dark enough for white letters. */
const colourOf = (id: string): string =>
  `hsl(${[...id].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7)} 45% 38%)`;

export const Avatar = ({ id, name }: { id: string; name: string }) => (
  <span className="avatar" style={{ background: colourOf(id) }} aria-hidden>
    {[...name][0]?.toUpperCase()}
  </span>
);

/** Name and APPID, as the column 创建者/APPID says. */
export const WithAppId = ({ of }: { of: Someone }) => (
  <span className="row" style={{ flexWrap: "nowrap", display: "inline-flex", alignItems: "baseline" }}>
    <Member of={of} /> <span className="muted">{of.appId}</span>
  </span>
);

export const Member = ({ of: { id, nickname, appId } }: { of: Someone }) => {
  const t = useWords();
  return (
    <span
      className="row"
      style={{ flexWrap: "nowrap", display: "inline-flex" }}
      title={appId && t("APPID {appId}", "账号 APPID：{appId}", { appId })}
    >
      <Avatar id={id} name={nickname} />
      {/* On the line of what is beside it, which the letter in the circle is not. */}
      <span style={{ alignSelf: "baseline" }}>{nickname}</span>
    </span>
  );
};
