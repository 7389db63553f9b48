// Predicts a diagnosis from measurements that another hospital holds: a logistic regression on standardised columns,
// judged by cross-validation. What leaves is a dozen numbers; no row of either table does.

const OUTCOME = "malignant";

export async function main({ tables, parameters, log }) {
  const features = tables.measurements.columns.map(({ name }) => name).filter((name) => name.endsWith("_mean"));
  const { rows, outcomes } = await join(tables, features);
  log(`${rows.length} patients are in both tables, ${outcomes.reduce((a, b) => a + b, 0)} of them ${OUTCOME}`);

  const scores = crossValidate(rows, outcomes, parameters);
  const scale = standardiser(rows);
  const coefficients = fit(rows.map(scale), outcomes, parameters.ridge);
  return [
    { measure: "patients", value: rows.length },
    { measure: "auc", value: areaUnderCurve(scores, outcomes) },
    { measure: "intercept", value: coefficients[0] },
    ...features.map((measure, i) => ({ measure, value: coefficients[i + 1] })),
  ];
}

/** Rows of the patients who are in both tables and lack no value, by patient number, with 1 for the outcome. */
async function join({ measurements, diagnoses }, features) {
  const outcomeOf = new Map();
  for await (const batch of diagnoses) {
    const [patient, diagnosis] = [batch.column("patient_no"), batch.column("diagnosis")];
    for (let i = 0; i < batch.rows; i++) {
      if (patient.isNull(i) || diagnosis.isNull(i)) continue;
      outcomeOf.set(patient.get(i), diagnosis.get(i) === OUTCOME ? 1 : 0);
    }
  }
  const joined = [];
  for await (const batch of measurements) {
    const patient = batch.column("patient_no");
    const columns = features.map((name) => batch.column(name));
    for (let i = 0; i < batch.rows; i++) {
      const outcome = outcomeOf.get(patient.get(i));
      if (outcome === undefined || columns.some((column) => column.isNull(i))) continue;
      joined.push({ patient: patient.get(i), outcome, row: columns.map((column) => column.get(i)) });
    }
  }
  // In one order, whatever order the tables come in: the folds, and so the result, depend on nothing else.
  joined.sort((a, b) => a.patient - b.patient);
  return { rows: joined.map(({ row }) => row), outcomes: joined.map(({ outcome }) => outcome) };
}

/** A score for each row from a model that has not seen it; each fold has its share of both outcomes. */
function crossValidate(rows, outcomes, { folds, ridge }) {
  const seen = [0, 0];
  const foldOf = outcomes.map((outcome) => seen[outcome]++ % folds);
  const scores = new Array(rows.length);
  for (let fold = 0; fold < folds; fold++) {
    const training = rows.map((_, i) => i).filter((i) => foldOf[i] !== fold);
    const scale = standardiser(training.map((i) => rows[i]));
    const known = training.map((i) => scale(rows[i]));
    const coefficients = fit(
      known,
      training.map((i) => outcomes[i]),
      ridge,
    );
    rows.forEach((row, i) => {
      if (foldOf[i] === fold) scores[i] = linear(coefficients, scale(row));
    });
  }
  return scores;
}

/** Takes each column to mean 0 and standard deviation 1, and puts a 1 for the intercept before them. */
function standardiser(rows) {
  const means = rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
  const deviations = means.map((mean, k) => {
    const variance = rows.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / rows.length;
    return Math.sqrt(variance) || 1;
  });
  return (row) => [1, ...row.map((value, k) => (value - means[k]) / deviations[k])];
}

const linear = (coefficients, row) => row.reduce((sum, value, k) => sum + value * coefficients[k], 0);

/** Newton's method on the log-likelihood less ridge / 2 times the squared coefficients, the intercept's aside. */
function fit(rows, outcomes, ridge) {
  const width = rows[0].length;
  let coefficients = new Array(width).fill(0);
  for (let step = 0; step < 50; step++) {
    const gradient = coefficients.map((coefficient, k) => (k === 0 ? 0 : -ridge * coefficient));
    const curvature = gradient.map((_, k) => gradient.map((_, j) => (k === j && k > 0 ? ridge : 0)));
    rows.forEach((row, i) => {
      const probability = 1 / (1 + Math.exp(-linear(coefficients, row)));
      const weight = probability * (1 - probability);
      for (let k = 0; k < width; k++) {
        gradient[k] += (outcomes[i] - probability) * row[k];
        for (let j = 0; j < width; j++) curvature[k][j] += weight * row[k] * row[j];
      }
    });
    const change = solve(curvature, gradient);
    coefficients = coefficients.map((coefficient, k) => coefficient + change[k]);
    if (change.every((value) => Math.abs(value) < 1e-10)) break;
  }
  return coefficients;
}

/** Gaussian elimination with the largest pivot of each column. */
function solve(matrix, right) {
  const rows = matrix.map((row, k) => [...row, right[k]]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    const pivot = rows.reduce((best, row, r) => (r > k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? r : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let r = k + 1; r < size; r++) {
      const factor = rows[r][k] / rows[k][k];
      for (let c = k; c <= size; c++) rows[r][c] -= factor * rows[k][c];
    }
  }
  const solution = new Array(size).fill(0);
  for (let k = size - 1; k >= 0; k--) {
    const known = solution.reduce((sum, value, c) => (c > k ? sum + rows[k][c] * value : sum), 0);
    solution[k] = (rows[k][size] - known) / rows[k][k];
  }
  return solution;
}

/** Area under the ROC curve: how often a case with the outcome scores above one without; ties count half. */
function areaUnderCurve(scores, outcomes) {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) rankSum += outcomes[order[i]] * rank;
    from = to;
  }
  const positive = outcomes.reduce((a, b) => a + b, 0);
  const negative = outcomes.length - positive;
  return (rankSum - (positive * (positive + 1)) / 2) / (positive * negative);
}
