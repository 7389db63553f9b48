/** The frame of every page: name, organisation, search, inbox, menu. */
import { App, Badge, Button, Drawer, Dropdown, Menu, type MenuProps, Skeleton } from "antd";
import { Suspense, useState } from "react";
import { Link, Route, Routes, useLocation, useNavigate } from "react-router";
import { type Group, groups, pages } from "../pages.tsx";
import { Glass } from "../parts/glass.tsx";
import { Avatar } from "../parts/member.tsx";
import { Page } from "../parts/page.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { type Session, useSession } from "../session.tsx";
import { explainOf, useLive, useView } from "../views.ts";
import { ConnectionNotice } from "./connection-notice.tsx";
import { KeyNotice } from "./key-notice.tsx";
import { forgetOrganisation, knownOrganisations, rememberOrganisation, wantNext } from "./organisations.ts";
import { PageFailure } from "./page-failure.tsx";
import { useReachableTables } from "./reachable.ts";
import "./frame.css";
import { Search } from "./search.tsx";
import { Brand, LanguageSwitch, ThemeSwitch } from "./switches.tsx";

const mayOpen = ({ permissions }: Session, permission: string | undefined): boolean =>
  permission === undefined || permissions.has(permission);

export const Frame = () => {
  const t = useWords();
  const session = useSession();
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const seen = pages.filter(({ permission }) => mayOpen(session, permission));
  // Said for each: another page's address may hold anything in their place.
  const hidden = pages.filter(({ path }) => !seen.some((one) => one.path === path));
  useLive();
  useReachableTables();
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t("Skip to content", "跳到正文")}
      </a>
      <header className="frame-top">
        <Button
          className="narrow-only"
          type="text"
          aria-label={t("Menu", "菜单")}
          onClick={() => setOpen(true)}
          icon={<Lines />}
        />
        <Link to="/">
          <Brand />
        </Link>
        <div style={{ flex: 1 }} />
        <Search />
        <Link to="/search" className="narrow-only icon-link" aria-label={t("Search", "搜索")}>
          <Glass size={18} />
        </Link>
        <Inbox />
        <span className="wide-only row">
          <LanguageSwitch />
          <ThemeSwitch />
        </span>
        <Who />
      </header>
      <div className="frame-side">
        <nav aria-label={t("Pages", "页面")}>
          <Pages />
        </nav>
      </div>
      <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={260} title={<Brand />}>
        <Pages onChosen={() => setOpen(false)} />
        <div className="row" style={{ padding: 8 }}>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </Drawer>
      <main className="frame-main" id="content" tabIndex={-1}>
        <div className="frame-content">
          <ConnectionNotice />
          <KeyNotice />
          <PageFailure place={pathname}>
            <Suspense fallback={<Skeleton active />}>
              <Routes>
                {seen.map(({ path, page: Page }) => (
                  <Route key={path} path={path} element={<Page />} />
                ))}
                {hidden.map(({ path }) => (
                  <Route key={path} path={path} element={<Nowhere />} />
                ))}
                <Route path="*" element={<Nowhere />} />
              </Routes>
            </Suspense>
          </PageFailure>
        </div>
      </main>
    </div>
  );
};

const Lines = () => (
  <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
    <path d="M2 4.5h14M2 9h14M2 13.5h14" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
  </svg>
);

/** A page that is not there, and one that is not this person's to see, look alike. */
const Nowhere = () => {
  const t = useWords();
  return (
    <Page title={t("Page not found", "没有此页面")}>
      <div className="card stack">
        <p style={{ margin: 0 }}>
          {t("The address is wrong, or your role has no access to this page.", "地址有误，或您的角色无权查看此页面。")}
        </p>
        <Link to="/">{t("Back to the overview", "返回概览")}</Link>
      </div>
    </Page>
  );
};

const Pages = ({ onChosen }: { onChosen?: () => void }) => {
  const t = useWords();
  const session = useSession();
  const { pathname } = useLocation();
  const shown = pages.filter(({ menu, permission }) => menu && mayOpen(session, permission));
  const chosen = shown
    .map(({ path }) => path)
    .filter((path) => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`)))
    .sort((a, b) => b.length - a.length)
    .slice(0, 1);
  const itemsOf = (group: Group): MenuProps["items"] =>
    shown
      .filter(({ menu }) => menu?.group === group)
      .map(({ path, menu }) => ({ key: path, label: <Link to={path}>{menu && t(menu.name)}</Link> }));
  const items: MenuProps["items"] = (Object.keys(groups) as Group[]).flatMap((group) => {
    const children = itemsOf(group) ?? [];
    if (children.length === 0) return [];
    return group === "home" ? children : [{ type: "group" as const, key: group, label: t(groups[group]), children }];
  });
  return (
    <Menu
      mode="inline"
      items={items}
      selectedKeys={chosen}
      style={{ border: 0, background: "transparent" }}
      {...(onChosen && { onClick: onChosen })}
    />
  );
};

const Inbox = () => {
  const t = useWords();
  const { theme } = usePreferences();
  const { permissions } = useSession();
  const reads = permissions.has("event.read");
  const { data } = useView("events", "unread", {}, { enabled: reads, every: 30_000 });
  if (!reads) return null;
  const pending = data?.pending ?? 0;
  return (
    <Link
      to="/events?tab=pending"
      className="icon-link"
      aria-label={t("{n} {n|event|events} waiting for you", "{n} 个待处理事件", { n: pending })}
    >
      <Badge count={pending} size="small" color={theme === "dark" ? "#4C63D2" : "#3B5BDB"} offset={[4, 2]}>
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path
            d="M10 2.5a5 5 0 0 0-5 5v3L3.5 13.5h13L15 10.500v-3a5 5 0 0 0-5-5zM8 15.500a2 2 0 0 0 4 0"
            fill="none"
            stroke="var(--text)"
            strokeWidth="1.5"
            strokeLinejoin="round"
          />
        </svg>
      </Badge>
    </Link>
  );
};

const useRoleName = (): string => {
  const t = useWords();
  const { role } = useSession().user;
  return {
    administrator: t("Administrator", "管理员"),
    member: t("Member", "成员"),
    auditor: t("Auditor", "审计员"),
    operator: t("Platform operator", "平台运营方"),
  }[role];
};

const Who = () => {
  const t = useWords();
  const go = useNavigate();
  const { account, user, permissions, signOut } = useSession();
  const { message } = App.useApp();
  const { language } = usePreferences();
  const name = account?.nickname ?? t("Platform operator", "平台运营方");
  const role = useRoleName();
  /** Leaves as this one, and asks for the password of another. */
  const change = async (to?: string) => {
    if (account) rememberOrganisation({ login: user.login, name });
    wantNext(to);
    await signOut();
    void go("/");
  };
  const leave = async () => {
    forgetOrganisation(user.login);
    await signOut();
  };
  const said = (error: unknown) => void message.error(explainOf(error, language), 10);
  const others = knownOrganisations().filter(({ login }) => login !== user.login);
  return (
    <Dropdown
      autoFocus
      trigger={["click"]}
      menu={{
        items: [
          { key: "who", type: "group", label: [user.login, account && name, role].filter(Boolean).join(" · ") },
          { key: "account", label: t("Account", "账号信息"), onClick: () => void go("/account") },
          ...(permissions.has("identity.found")
            ? [{ key: "identity", label: t("Chain identity", "链身份"), onClick: () => void go("/identity") }]
            : []),
          { type: "divider" },
          ...others.map(({ login, name: other }) => ({
            key: `to ${login}`,
            label: (
              <span className="row">
                <Avatar id={login} name={other} /> {other} <span className="muted">{login}</span>
              </span>
            ),
            onClick: () => change(login).catch(said),
          })),
          { key: "switch", label: t("Switch organisation", "切换机构"), onClick: () => change().catch(said) },
          { type: "divider" },
          { key: "out", label: t("Sign out", "退出登录"), onClick: () => leave().catch(said) },
        ],
      }}
    >
      <Button type="text" style={{ height: 44 }}>
        <Avatar id={account?.member ?? account?.id ?? user.id} name={name} />
        <span className="who">
          <span>{name}</span>
          {account && <small className="muted">{role}</small>}
        </span>
      </Button>
    </Dropdown>
  );
};
