/** A result as a chart: bars, a line or points. Loaded when somebody looks at one. */
import { Select } from "antd";
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useMemo, useRef, useState } from "react";
import { usePreferences, useWords } from "../preferences.tsx";
import { type Csv, numericColumns } from "./task-csv-table.tsx";

use([BarChart, LineChart, ScatterChart, GridComponent, TooltipComponent, DataZoomComponent, CanvasRenderer]);

type Kind = "bar" | "line" | "scatter";

const optionOf = (kind: Kind, { header, rows }: Csv, x: number, y: number, colour: (name: string) => string) => {
  const numericX = kind === "scatter";
  const axis = { axisLabel: { color: colour("--muted") }, splitLine: { lineStyle: { color: colour("--line") } } };
  const values = rows.map((row) => (numericX ? [Number(row[x]), Number(row[y])] : Number(row[y])));
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: { left: 8, right: 16, top: 24, bottom: rows.length > 60 ? 48 : 8, containLabel: true },
    // Drawn, not as HTML: labels are what somebody else's model wrote.
    tooltip: { trigger: numericX ? "item" : "axis", renderMode: "richText", confine: true },
    xAxis: numericX
      ? { type: "value", scale: true, name: header[x], ...axis }
      : {
          type: "category",
          data: rows.map((row) => row[x] ?? ""),
          ...axis,
          axisLabel: { ...axis.axisLabel, rotate: rows.length > 8 ? 40 : 0 },
        },
    yAxis: { type: "value", scale: kind !== "bar", name: header[y], ...axis },
    ...(rows.length > 60 && { dataZoom: [{ type: "slider", height: 20, bottom: 8 }] }),
    series: [{ type: kind, name: header[y], data: values, itemStyle: { color: colour("--accent") }, barMaxWidth: 40 }],
  };
};

/** So many rows can be left out one by one: what dwarfs the others. */
const CHOOSABLE = 200;

export const Chart = ({ header, rows: all }: Csv) => {
  const t = useWords();
  const { theme } = usePreferences();
  const [without, setWithout] = useState<readonly number[]>([]);
  const rows = useMemo(() => all.filter((_, at) => !without.includes(at)), [all, without]);
  const numeric = useMemo(() => numericColumns(header, all), [header, all]);
  const [kind, setKind] = useState<Kind>("bar");
  const firstText = header.findIndex((_, at) => !numeric.includes(at));
  const [x, setX] = useState(firstText >= 0 ? firstText : 0);
  const [y, setY] = useState(numeric.find((at) => at !== x) ?? numeric[0] ?? 0);
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    const made = init(place.current);
    chart.current = made;
    const sized = new ResizeObserver(() => made.resize());
    sized.observe(place.current);
    return () => {
      sized.disconnect();
      made.dispose();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the colours are
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const option = optionOf(kind, { header, rows }, x, y, (name) => style.getPropertyValue(name).trim());
    chart.current?.setOption(option, true);
  }, [kind, header, rows, x, y, theme]);
  if (numeric.length === 0)
    return <p className="muted">{t("There is no column of numbers to draw.", "没有可绘制的数值列。")}</p>;
  const option = (at: number) => ({ value: at, label: header[at] });
  const across = kind === "scatter" ? numeric : header.map((_, at) => at);
  return (
    <>
      <div className="row">
        <Select
          aria-label={t("Kind of chart", "图表类型")}
          value={kind}
          onChange={(next: Kind) => {
            setKind(next);
            if (next === "scatter" && !numeric.includes(x)) setX(numeric.find((at) => at !== y) ?? y);
          }}
          options={[
            { value: "bar", label: t("Bars", "柱状图") },
            { value: "line", label: t("Line", "折线图") },
            { value: "scatter", label: t("Points", "散点图") },
          ]}
        />
        <Select
          aria-label={t("Across", "横轴")}
          value={x}
          onChange={setX}
          options={across.map(option)}
          style={{ minWidth: 140 }}
        />
        <Select
          aria-label={t("Up", "纵轴")}
          value={y}
          onChange={setY}
          options={numeric.map(option)}
          style={{ minWidth: 140 }}
        />
        {all.length <= CHOOSABLE && (
          <Select<number[]>
            mode="multiple"
            allowClear
            aria-label={t("Leave out", "不显示")}
            placeholder={t("Leave out…", "不显示……")}
            maxTagCount={2}
            value={[...without]}
            onChange={setWithout}
            options={all.map((row, at) => ({ value: at, label: row[x] ?? String(at + 1) }))}
            style={{ minWidth: 180 }}
          />
        )}
      </div>
      <div
        ref={place}
        className="result-chart"
        role="img"
        aria-label={t("{y} by {x}; the table holds the same values", "按 {x} 显示 {y}，数值与表格相同", {
          x: header[x] ?? "",
          y: header[y] ?? "",
        })}
      />
    </>
  );
};
