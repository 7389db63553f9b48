/** The sample consortium: three organisations with their tables and a model, played in the operator's browser. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Progress, Skeleton } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { MARKS, numberOf, type Role, sampleNames } from "../../sample/names.ts";
import { STEPS } from "../../sample/steps.ts";
import { Page as Frame } from "../parts/page.tsx";
import { Failure } from "../parts/said.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { begun, type Loading, leave, load, useLoading } from "../sample/load.ts";
import { HELD } from "../sample/protocol.ts";
import { url, useSession } from "../session.tsx";
import { useView } from "../views.ts";
import { HandedOver } from "./sample-handed.tsx";

export const Page = () => {
  const t = useWords();
  const loading = useLoading();
  return (
    <Frame title={t("Sample consortium", "示例联盟")}>
      {loading.state === "idle" ? <Offer /> : <Course of={loading} />}
      {loading.loaded && <HandedOver of={loading.loaded} />}
    </Frame>
  );
};

const ROLES: readonly Role[] = ["riverside", "lakeside", "institute"];

/** What is there already, from before. */
const useThere = () => {
  const english = useView("accounts", "list", { search: MARKS[0], pageSize: 100 });
  const chinese = useView("accounts", "list", { search: MARKS[1], pageSize: 100 });
  const elsewhere = useElsewhere();
  const items = [...(english.data?.items ?? []), ...(chinese.data?.items ?? [])];
  const there = items.filter(({ nickname }) => numberOf(nickname) !== undefined);
  const newest = Math.max(0, ...there.map(({ nickname }) => numberOf(nickname) ?? 0));
  return {
    known: english.data !== undefined && chinese.data !== undefined && elsewhere !== undefined,
    error: english.error ?? chinese.error,
    elsewhere,
    /** Of the newest. */
    accounts: there.filter(({ nickname }) => numberOf(nickname) === newest),
    newest,
    /** This browser began the newest, and nobody has its passwords. */
    left: newest > 0 && begun() === newest,
  };
};

/** Whether another tab of this browser loads it. */
const useElsewhere = (): boolean | undefined => {
  const { data } = useQuery({
    queryKey: ["sample", HELD],
    queryFn: async () => (await navigator.locks.query()).held?.some(({ name }) => name === HELD) ?? false,
    refetchInterval: 2_000,
  });
  return data;
};

const useLoad = () => {
  const { csrf } = useSession();
  const { language } = usePreferences();
  const queries = useQueryClient();
  return (number: number) => load({ url: url(), csrf, language, number }, () => void queries.invalidateQueries());
};

const Offer = () => {
  const { known, error, elsewhere, accounts, newest, left } = useThere();
  if (error) return <Failure error={error} />;
  if (!known) return <Skeleton active paragraph={{ rows: 6 }} />;
  if (elsewhere) return <Elsewhere />;
  const begin = <Begin number={newest + 1} leaving={left ? accounts : []} again={newest > 0 && !left} />;
  return (
    <>
      {newest > 0 && <Before accounts={accounts} left={left} />}
      {newest === 0 || left ? <Invitation>{begin}</Invitation> : begin}
    </>
  );
};

const Elsewhere = () => {
  const t = useWords();
  return (
    <Alert
      type="info"
      title={t("It is being loaded in another tab or window.", "正在另一个标签页或窗口中加载。")}
      description={t(
        "Go on there: accounts and keys are handed over on that page.",
        "请在该页面继续，账号与密钥将在那里交付。",
      )}
    />
  );
};

type Accounts = ReturnType<typeof useThere>["accounts"];

const Before = ({ accounts, left }: { accounts: Accounts; left: boolean }) => {
  const t = useWords();
  const { language } = usePreferences();
  const names = new Intl.ListFormat(language).format(accounts.map(({ nickname }) => nickname));
  return left ? (
    <Alert
      type="warning"
      title={t("It was left in the middle.", "上次加载未完成。")}
      description={t(
        "The page was closed before accounts and keys were handed over, so nobody can sign in as {names}. They stay here unused; the next consortium gets a number of its own.",
        "页面在交付账号与密钥之前已关闭，因此无人能以 {names} 登录。这些账号将闲置，新加载的示例联盟会使用新的编号。",
        { names },
      )}
    />
  ) : (
    <Alert
      type="info"
      title={t("The sample consortium is there already.", "示例联盟已存在。")}
      description={t(
        "{names}. Sign in with the passwords in the file that was saved when it was loaded. Nobody else has them, the platform neither.",
        "{names}。请使用加载时保存的文件中的密码登录；除此之外无人持有这些密码，平台也没有。",
        { names },
      )}
    />
  );
};

const Invitation = ({ children }: { children: ReactNode }) => {
  const t = useWords();
  return (
    <section className="card stack narrow">
      <h2 style={{ margin: 0 }}>{t("See a whole computation", "查看一次完整的联合计算")}</h2>
      <p style={{ margin: 0 }}>
        {t(
          "Two hospitals hold half of a table each, an institute has a model: they found an alliance, authorise a task, and only the institute reads its result. The data are public (569 cases of breast cancer).",
          "两家医院各持有半张表，研究所持有模型：三方组成联盟、授权任务，只有研究所能读取结果。数据来自公开的 569 例乳腺癌样本。",
        )}
      </p>
      <p className="muted" style={{ margin: 0 }}>
        {t(
          "This browser signs the three up, you approve them, and their keys are made here: the server signs for nobody. At the end you are given their logins, passwords and keys. They are samples: use them for nothing else.",
          "由本浏览器注册三家机构、以您的身份审核通过，并在本机生成其密钥，平台不代任何人签名。完成后将交付账号、密码和密钥，仅供演示，请勿用于其他用途。",
        )}
      </p>
      {children}
    </section>
  );
};

/** @param leaving accounts that nobody can sign in to: they need no review any more */
const Begin = ({ number, leaving, again }: { number: number; leaving: Accounts; again: boolean }) => {
  const t = useWords();
  const { client } = useSession();
  const loadIt = useLoad();
  const begin = async () => {
    const waiting = leaving.filter(({ verification }) => verification.state === "submitted");
    const reason = t(
      "A sample that was left while it was loaded: nobody can sign in to it.",
      "示例加载中断，无人可登录该账号。",
    );
    // Whatever stays in the list of reviews can be rejected there.
    await Promise.allSettled(waiting.map(({ id }) => client.accounts.review({ id, decision: "rejected", reason })));
    loadIt(number);
  };
  return (
    <Button type={again ? "default" : "primary"} style={{ alignSelf: "flex-start" }} onClick={() => void begin()}>
      {again ? t("Load another one", "再加载一套") : t("Load the sample consortium", "加载示例联盟")}
    </Button>
  );
};

/** Who does a step, as they are called here. */
const useWho = () => {
  const t = useWords();
  const { language } = usePreferences();
  const names: Readonly<Record<string, string>> = {
    operator: t("Operator", "平台运营方"),
    enclave: t("Enclave", "可信执行环境"),
    ...Object.fromEntries(ROLES.map((role) => [role, sampleNames[language][role].legalName])),
  };
  return (who: string) => new Intl.ListFormat(language).format(who.split(", ").map((one) => names[one] ?? one));
};

const Course = ({ of: { number, state, steps, now, error } }: { of: Loading }) => {
  const t = useWords();
  const proceed = useLoad();
  const nameOf = useWho();
  const percent = state === "done" ? 100 : Math.floor((100 * steps.length) / STEPS);
  return (
    <section className="card stack">
      <div className="spread">
        <h2 style={{ margin: 0 }}>
          {
            {
              ...{ idle: "", running: t("Loading", "正在加载"), failed: t("Interrupted", "加载中断") },
              done: t("The sample consortium is loaded", "示例联盟已加载"),
            }[state]
          }
        </h2>
        <span className="muted" role="status">
          {t("{done} of {all} steps", "{done}/{all} 步", { done: steps.length, all: STEPS })}
        </span>
      </div>
      <Progress percent={percent} showInfo={false} status={state === "failed" ? "exception" : "normal"} size="small" />
      <ol className="lines">
        {steps.map(({ who, what, ms }) => (
          <li key={`${who} ${what.en}`}>
            <span>
              <span className="state good">{nameOf(who)}</span> <span className="muted">{t(what)}</span>
            </span>
            <span className="muted" style={{ whiteSpace: "nowrap" }}>
              {(ms / 1_000).toFixed(1)} s
            </span>
          </li>
        ))}
        {now && state === "running" && (
          <li aria-current="step">
            <span>
              <strong className="state">{nameOf(now.who)}</strong> <span className="muted">{t(now.what)}</span>
            </span>
            <span className="muted">…</span>
          </li>
        )}
      </ol>
      {error && (
        <>
          <Failure error={error} />
          <div className="row">
            <Button type="primary" onClick={() => proceed(number)}>
              {t("Continue", "继续加载")}
            </Button>
            <Button onClick={leave}>{t("Leave it and begin anew", "放弃并重新开始")}</Button>
            <Link to="/operations">{t("Look at the platform's health", "查看运行状况")}</Link>
          </div>
        </>
      )}
    </section>
  );
};
