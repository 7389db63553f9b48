/** The chain as a picture: members and their signatures, checkpoint, enclave, result, receiver. */
import type { Box, Chain } from "./evidence-chain.ts";

/** Of links, and of members, whose lines say what they agreed to. */
const [WIDTH, BROAD] = [196, 244];
const HEIGHT = 92;
const GAP = 36;
const BETWEEN = 16;

interface Placed {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
  readonly lines: readonly string[];
}

/** Members above one another at the left, the links in a row in the middle. */
const across = ({ members, links }: Chain): Layout => {
  const height = Math.max(1, members.length) * (HEIGHT + BETWEEN) - BETWEEN;
  const middle = (height - HEIGHT) / 2;
  const left = members.map((box, i) => ({ box, x: 0, y: i * (HEIGHT + BETWEEN), width: BROAD }));
  const right = links.map((box, i) => ({ box, x: BROAD + GAP + i * (WIDTH + GAP), y: middle, width: WIDTH }));
  const to = middle + HEIGHT / 2;
  const lines = [
    ...left.map(({ y }) => {
      const from = y + HEIGHT / 2;
      const turn = BROAD + GAP / 2;
      return `M${BROAD} ${from}C${turn} ${from} ${turn} ${to} ${BROAD + GAP - 7} ${to}`;
    }),
    ...right.slice(1).map(({ x }) => `M${x - GAP} ${to}H${x - 7}`),
  ];
  return { width: BROAD + links.length * (WIDTH + GAP), height, placed: [...left, ...right], lines };
};

/** For narrow screens: one below the other. */
const down = ({ members, links }: Chain): Layout => {
  const all = [...members, ...links];
  const yOf = (i: number) => i * (HEIGHT + BETWEEN) + Math.max(0, i - members.length + 1) * 10;
  const rail = 8;
  const x = 24;
  const placed = all.map((box, i) => ({ box, x, y: yOf(i), width: BROAD }));
  const first = yOf(members.length) + HEIGHT / 2;
  const lines = [
    ...members.map((_, i) => `M${x} ${yOf(i) + HEIGHT / 2}H${rail}V${first}H${x - 7}`),
    ...links
      .slice(1)
      .map((_, i) => `M${x + 98} ${yOf(members.length + i) + HEIGHT}V${yOf(members.length + i + 1) - 7}`),
  ];
  return { width: x + BROAD, height: yOf(all.length - 1) + HEIGHT, placed, lines };
};

const MARKS = { good: "✓", warn: "!", bad: "✕", open: "…" } as const;

/** Letters of Chinese are twice as wide. */
const cut = (text: string, most: number): string => {
  let width = 0;
  for (const [i, letter] of [...text].entries()) {
    width += (letter.codePointAt(0) ?? 0) > 0x2e7f ? 2 : 1;
    if (width > most) return `${[...text].slice(0, Math.max(0, i - 1)).join("")}…`;
  }
  return text;
};

const Drawn = ({ box: { title, lines, verdict, says, to }, x, y, width }: Placed) => (
  <a href={`#${to}`} className={`chain-box ${verdict}`}>
    <title>{`${title}: ${says}`}</title>
    <g transform={`translate(${x} ${y})`}>
      <rect width={width} height={HEIGHT} rx={8} />
      <circle cx={width - 18} cy={18} r={9} />
      <text className="chain-mark" x={width - 18} y={22} textAnchor="middle">
        {MARKS[verdict]}
      </text>
      <text className="chain-title" x={14} y={24}>
        {cut(title, Math.floor(width / 9))}
      </text>
      {lines.slice(0, 3).map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have a place and nothing else
        <text key={i} className="chain-line" x={14} y={46 + i * 17}>
          {cut(line, Math.floor(width / 7))}
        </text>
      ))}
    </g>
  </a>
);

const Drawing = ({
  layout: { width, height, placed, lines },
  name,
  className,
}: {
  layout: Layout;
  name: string;
  className: string;
}) => (
  <svg className={`chain ${className}`} viewBox={`-1 -1 ${width + 2} ${height + 2}`} style={{ maxWidth: width * 1.2 }}>
    <title>{name}</title>
    <defs>
      <marker
        id={`arrow-${className}`}
        viewBox="0 0 8 8"
        refX="2"
        refY="4"
        markerWidth="8"
        markerHeight="8"
        orient="auto"
      >
        <path d="M0 0.500 7 4 0 7.500z" className="chain-arrow" />
      </marker>
    </defs>
    {lines.map((line) => (
      <path key={line} d={line} className="chain-link" markerEnd={`url(#arrow-${className})`} />
    ))}
    {placed.map((one) => (
      <Drawn key={`${one.x} ${one.y}`} {...one} />
    ))}
  </svg>
);

export const Picture = ({ chain, name }: { chain: Chain; name: string }) => (
  <>
    <Drawing layout={across(chain)} name={name} className="wide-only" />
    <Drawing layout={down(chain)} name={name} className="narrow-only" />
  </>
);
