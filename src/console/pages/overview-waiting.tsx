/** What waits: for a member its events, for the operator the particulars to review. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { harmless } from "../parts/harmless.ts";
import { Loaded } from "../parts/page.tsx";
import { useAgo } from "../parts/values.tsx";
import { useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

const SHOWN = 5;

interface Line {
  readonly id: string;
  readonly name: ReactNode;
  readonly by: string;
  readonly when: ReactNode;
  readonly to: string;
}

export const Waiting = () => {
  const t = useWords();
  const ago = useAgo();
  const read = useView("events", "list", { tab: "pending", pageSize: SHOWN });
  return (
    <section className="card">
      <Head title={t("Waiting for you", "待我处理")} total={read.data?.total} to="/events?tab=pending" />
      <Loaded of={read} rows={2}>
        {({ items }) => (
          <Lines
            empty={t("Nothing is waiting for you.", "暂无待处理事项。")}
            action={t("Handle", "去处理")}
            lines={items.map(({ id, title, initiator, expiresAt }) => ({
              ...{ id, name: t(title), by: initiator.nickname, to: `/events/${id}` },
              when: t("expires {when}", "{when}过期", { when: ago(expiresAt) }),
            }))}
          />
        )}
      </Loaded>
    </section>
  );
};

export const Submitted = () => {
  const t = useWords();
  const ago = useAgo();
  const read = useView("accounts", "list", { verification: "submitted", pageSize: SHOWN }, { every: 15_000 });
  return (
    <section className="card">
      <Head title={t("Waiting for review", "待审核")} total={read.data?.total} to="/reviews" />
      <Loaded of={read} rows={2}>
        {({ items }) => (
          <Lines
            empty={t("No organisation is waiting for review.", "没有待审核的机构。")}
            action={t("Review", "审核")}
            lines={items.map(({ id, nickname, verification: { particulars, submittedAt } }) => ({
              ...{ id, name: nickname, by: harmless(particulars?.legalName ?? ""), to: "/reviews" },
              when: submittedAt && ago(submittedAt),
            }))}
          />
        )}
      </Loaded>
    </section>
  );
};

const Head = ({ title, total, to }: { title: string; total: number | undefined; to: string }) => {
  const t = useWords();
  return (
    <div className="spread" style={{ marginBottom: 12 }}>
      <h2 style={{ margin: 0 }}>
        {title}{" "}
        {total ? (
          <span className="muted" style={{ fontWeight: 400 }}>
            {total}
          </span>
        ) : null}
      </h2>
      {(total ?? 0) > SHOWN && <Link to={to}>{t("Show all", "查看全部")}</Link>}
    </div>
  );
};

const Lines = ({ lines, empty, action }: { lines: readonly Line[]; empty: string; action: string }) =>
  lines.length === 0 ? (
    <p className="muted" style={{ margin: 0 }}>
      {empty}
    </p>
  ) : (
    <ul className="lines">
      {lines.map(({ id, name, by, when, to }) => (
        <li key={id}>
          <div>
            <div>{name}</div>
            <div className="muted">{[by, when].filter(Boolean).join(" · ")}</div>
          </div>
          <Link to={to}>{action}</Link>
        </li>
      ))}
    </ul>
  );
