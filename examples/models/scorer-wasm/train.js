// Fits the trees that the scorer carries: gradient boosting on the logistic loss (Friedman 2001, with Newton steps in
// the leaves), on the two tables in examples/data/breast-cancer. The same tables give the same trees to the last digit.
//
//   node train.js            writes assembly/trees.ts and rust/src/trees.rs
import { readFileSync, writeFileSync } from "node:fs";

const TREES = 40;
/** Every tree is full: 2^3 - 1 questions, 2^3 leaves. */
const DEPTH = 3;
const RATE = 0.2;
/** Cases that a leaf has at least. */
const SMALLEST = 8;
/** Keeps leaves of few cases near 0. */
const RIDGE = 1;
const FOLDS = 5;
/** A question that everybody answers with no. */
const NOBODY = 1e300;

const data = new URL("../../data/breast-cancer/", import.meta.url);
const read = (name) => {
  const [header, ...lines] = readFileSync(new URL(`${name}.csv`, data), "utf8")
    .trim()
    .split(/\r?\n/);
  const columns = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [columns[i], value])));
};

/** Patients in both tables, by number: what was measured, and 1 for a malignant tumour. */
const joined = () => {
  const outcomes = new Map(read("diagnoses").map((row) => [row.patient_no, Number(row.diagnosis === "malignant")]));
  return read("measurements")
    .filter((row) => outcomes.has(row.patient_no))
    .sort((a, b) => a.patient_no - b.patient_no)
    .map((row) => ({ x: features.map((name) => Number(row[name])), y: outcomes.get(row.patient_no) }));
};
const features = Object.keys(read("measurements")[0]).filter((name) => name.endsWith("_mean"));

const sigmoid = (margin) => 1 / (1 + Math.exp(-margin));
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);

/** The question that gains most: { feature, threshold }, or undefined when none separates enough cases. */
const bestSplit = (cases) => {
  const score = (gradient, curvature) => gradient ** 2 / (curvature + RIDGE);
  const [gradient, curvature] = [sum(cases, (one) => one.gradient), sum(cases, (one) => one.curvature)];
  let best = { gain: 1e-9 };
  for (let feature = 0; feature < features.length; feature++) {
    const sorted = cases.toSorted((a, b) => a.x[feature] - b.x[feature]);
    let [g, h] = [0, 0];
    for (let i = 0; i + 1 < sorted.length; i++) {
      g += sorted[i].gradient;
      h += sorted[i].curvature;
      const [low, high] = [sorted[i].x[feature], sorted[i + 1].x[feature]];
      if (low === high || i + 1 < SMALLEST || sorted.length - i - 1 < SMALLEST) continue;
      const gain = score(g, h) + score(gradient - g, curvature - h) - score(gradient, curvature);
      if (gain > best.gain) best = { gain, feature, threshold: (low + high) / 2 };
    }
  }
  return best.feature === undefined ? undefined : best;
};

/** A full tree in the order of a heap: the children of question i are 2 i + 1 (no) and 2 i + 2 (yes). */
const grow = (cases, tree = { questions: [], leaves: [] }, node = 0) => {
  const first = 2 ** DEPTH - 1;
  if (node >= first) {
    tree.leaves[node - first] =
      cases.length === 0
        ? 0
        : (RATE * sum(cases, (one) => one.gradient)) / (sum(cases, (one) => one.curvature) + RIDGE);
    return tree;
  }
  const { feature, threshold } = bestSplit(cases) ?? { feature: 0, threshold: NOBODY };
  tree.questions[node] = { feature, threshold };
  const [no, yes] = [[], []];
  for (const one of cases) (one.x[feature] > threshold ? yes : no).push(one);
  grow(no, tree, 2 * node + 1);
  return grow(yes, tree, 2 * node + 2);
};

const leafOf = ({ questions, leaves }, x) => {
  let node = 0;
  while (node < questions.length) node = 2 * node + 1 + Number(x[questions[node].feature] > questions[node].threshold);
  return leaves[node - questions.length];
};

const train = (rows) => {
  const share = sum(rows, (row) => row.y) / rows.length;
  const base = Math.log(share / (1 - share));
  const margins = rows.map(() => base);
  const trees = [];
  for (let i = 0; i < TREES; i++) {
    const cases = rows.map(({ x, y }, k) => {
      const probability = sigmoid(margins[k]);
      return { x, gradient: y - probability, curvature: probability * (1 - probability) };
    });
    const tree = grow(cases);
    trees.push(tree);
    rows.forEach(({ x }, k) => {
      margins[k] += leafOf(tree, x);
    });
  }
  return { base, trees };
};
const marginOf = ({ base, trees }, x) => trees.reduce((margin, tree) => margin + leafOf(tree, x), base);

/** How often a malignant case scores above a benign one. */
const areaUnderCurve = (scored) => {
  const [sick, well] = [scored.filter(({ y }) => y === 1), scored.filter(({ y }) => y === 0)];
  const won = (a) => sum(well, (b) => (a.margin > b.margin ? 1 : a.margin === b.margin ? 0.5 : 0));
  return sum(sick, won) / (sick.length * well.length);
};

const rows = joined();
const judged = Array.from({ length: FOLDS }, (_, fold) => {
  const model = train(rows.filter((_, i) => i % FOLDS !== fold));
  return rows.filter((_, i) => i % FOLDS === fold).map(({ x, y }) => ({ margin: marginOf(model, x), y }));
}).flat();
const { base, trees } = train(rows);

const questions = trees.flatMap((tree) => tree.questions);
const lists = {
  FEATURES: questions.map(({ feature }) => feature),
  THRESHOLDS: questions.map(({ threshold }) => threshold),
  LEAVES: trees.flatMap(({ leaves }) => leaves),
};
/** As literals of a float, ten a line. */
const literals = (list, float) => {
  const texts = list.map((value) => (float && Number.isInteger(value) && value < 1e20 ? `${value}.0` : `${value}`));
  const lines = Array.from({ length: Math.ceil(texts.length / 8) }, (_, i) => texts.slice(8 * i, 8 * i + 8).join(", "));
  return lines.map((line) => `  ${line},\n`).join("");
};
const said = "Written by train.js: the trees, one after the other, each in the order of a heap.";
const constants = { TREES, QUESTIONS: 2 ** DEPTH - 1, COLUMNS: features.length };
writeFileSync(
  new URL("assembly/trees.ts", import.meta.url),
  [
    `// ${said}\n`,
    ...Object.entries(constants).map(([name, value]) => `export const ${name}: i32 = ${value};\n`),
    `export const BASE: f64 = ${base};\n`,
    `export const FEATURES: StaticArray<u8> = [\n${literals(lists.FEATURES)}];\n`,
    `export const THRESHOLDS: StaticArray<f64> = [\n${literals(lists.THRESHOLDS, true)}];\n`,
    `export const LEAVES: StaticArray<f64> = [\n${literals(lists.LEAVES, true)}];\n`,
  ].join(""),
);
writeFileSync(
  new URL("rust/src/trees.rs", import.meta.url),
  [
    `// ${said}\n`,
    ...Object.entries(constants).map(([name, value]) => `pub const ${name}: usize = ${value};\n`),
    `pub const BASE: f64 = ${base};\n`,
    `pub static FEATURES: [u8; ${questions.length}] = [\n${literals(lists.FEATURES)}];\n`,
    `pub static THRESHOLDS: [f64; ${questions.length}] = [\n${literals(lists.THRESHOLDS, true)}];\n`,
    `pub static LEAVES: [f64; ${lists.LEAVES.length}] = [\n${literals(lists.LEAVES, true)}];\n`,
  ].join(""),
);
console.log(
  `${rows.length} patients, ${TREES} trees, area under the ROC curve in ${FOLDS} folds ${areaUnderCurve(judged)}`,
);
