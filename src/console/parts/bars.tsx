/** A small chart of counts: a bar each, the newest at the right. */

export interface Bar {
  /** Said on hover. */
  readonly name: string;
  readonly value: number;
}

const HEIGHT = 100;

export const Bars = ({ of, name }: { of: readonly Bar[]; name: string }) => {
  const most = Math.max(1, ...of.map(({ value }) => value));
  return (
    <svg
      className="bars"
      viewBox={`0 0 ${of.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={name}
    >
      {of.map((bar, i) => {
        const height = bar.value === 0 ? 1.5 : Math.max(3, (bar.value / most) * (HEIGHT - 4));
        return (
          <g key={bar.name}>
            <rect
              x={i + 0.12}
              width={0.76}
              y={HEIGHT - height}
              height={height}
              className={bar.value === 0 ? "blank" : "count"}
            />
            <rect x={i} width={1} y={0} height={HEIGHT} className="whole">
              <title>{`${bar.name}: ${bar.value}`}</title>
            </rect>
          </g>
        );
      })}
    </svg>
  );
};
