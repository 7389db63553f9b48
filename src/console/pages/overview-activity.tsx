/** One small chart: how many statements came to the ledger, over the time that its newest ones span. */
import { Loaded } from "../parts/page.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { useView } from "../views.ts";

/** Statements that are looked at, at most. */
const NEWEST = 200;
const BARS = 24;
const DAY = 86_400_000;

export const Activity = () => {
  const t = useWords();
  const { language } = usePreferences();
  const size = useView("ledger", "entries", { start: 0, limit: 1 });
  const whole = size.data;
  const start = Math.max(0, (whole?.size ?? 0) - NEWEST);
  const read = useView("ledger", "entries", { start, limit: NEWEST }, { enabled: whole !== undefined });
  const said = (time: number) =>
    new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(time);
  return (
    <section className="card">
      <h2>{t("Ledger activity", "账本活动")}</h2>
      <Loaded of={whole ? read : { ...size, data: undefined }} rows={3}>
        {({ items }) => {
          const now = Date.now();
          // All of a day where that is all that is known of it, otherwise only as far back as what was read.
          const since = start === 0 ? now - DAY : Math.max(now - DAY, items[0]?.time ?? 0);
          const times = items.map(({ time }) => time).filter((time) => time >= since);
          const bars = barsOf(times, since, now);
          return (
            <>
              <Chart
                bars={bars}
                name={t("{n} {n|statement|statements} since {when}", "{when} 以来 {n} 条声明", {
                  n: times.length,
                  when: said(since),
                })}
                nameOf={(count, index) => `${said(since + ((now - since) * index) / BARS)}: ${count}`}
              />
              <div className="spread muted" style={{ fontSize: 12, marginTop: 4 }}>
                <span>{said(since)}</span>
                <span>{t("{n} {n|statement|statements}", "{n} 条声明", { n: times.length })}</span>
              </div>
            </>
          );
        }}
      </Loaded>
    </section>
  );
};

/** How many times fall into each of equal parts. */
const barsOf = (times: readonly number[], since: number, until: number): readonly number[] => {
  const bars = Array.from({ length: BARS }, () => 0);
  for (const time of times) {
    const bar = Math.min(BARS - 1, Math.floor(((time - since) / Math.max(1, until - since)) * BARS));
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  return bars;
};

const HEIGHT = 96;
const WIDTH = 10;

const Chart = (props: { bars: readonly number[]; name: string; nameOf: (count: number, index: number) => string }) => {
  const { bars, name, nameOf } = props;
  const most = Math.max(1, ...bars);
  return (
    <svg
      className="chart"
      viewBox={`0 0 ${BARS * WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={name}
    >
      <line x1={0} x2={BARS * WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} vectorEffect="non-scaling-stroke" />
      {bars.map((count, index) => {
        const height = count === 0 ? 0 : Math.max(3, (count / most) * (HEIGHT - 4));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what it is
          <rect key={index} x={index * WIDTH + 1.5} width={WIDTH - 3} y={HEIGHT - height} height={height}>
            <title>{nameOf(count, index)}</title>
          </rect>
        );
      })}
    </svg>
  );
};
