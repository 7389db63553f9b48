"""Predicts a diagnosis from measurements that another hospital holds: a logistic regression on standardised columns,
judged by cross-validation. What leaves is a dozen numbers; no row of either table does."""

import numpy as np

OUTCOME = "malignant"


def main(tables, parameters, log):
    folds, ridge = int(parameters["folds"]), parameters["ridge"]
    features = [column["name"] for column in tables.measurements.columns if column["name"].endswith("_mean")]
    rows, outcomes = join(tables, features)
    log(f"{len(rows)} patients are in both tables, {outcomes.sum()} of them {OUTCOME}")

    scores = cross_validate(rows, outcomes, folds, ridge)
    coefficients = fit(standardiser(rows)(rows), outcomes, ridge)
    return {
        "measure": ["patients", "auc", "intercept", *features],
        "value": [len(rows), area_under_curve(scores, outcomes), *coefficients],
    }


def join(tables, features):
    """Rows of the patients who are in both tables and lack no value, by patient number, with 1 for the outcome."""
    diagnoses = tables.diagnoses.to_pandas().dropna()
    measurements = tables.measurements.to_pandas().dropna()
    # In one order, whatever order the tables come in: the folds, and so the result, depend on nothing else.
    both = measurements.merge(diagnoses, on="patient_no").sort_values("patient_no", kind="stable")
    return both[features].to_numpy(float), (both["diagnosis"] == OUTCOME).to_numpy(int)


def cross_validate(rows, outcomes, folds, ridge):
    """A score for each row from a model that has not seen it; each fold has its share of both outcomes."""
    place = np.where(outcomes == 1, np.cumsum(outcomes == 1), np.cumsum(outcomes == 0)) - 1
    scores = np.empty(len(rows))
    for fold in range(folds):
        tested = place % folds == fold
        scale = standardiser(rows[~tested])
        coefficients = fit(scale(rows[~tested]), outcomes[~tested], ridge)
        scores[tested] = scale(rows[tested]) @ coefficients
    return scores


def standardiser(rows):
    """Takes each column to mean 0 and standard deviation 1, and puts a 1 for the intercept before them."""
    means, deviations = rows.mean(axis=0), rows.std(axis=0)
    deviations[deviations == 0] = 1
    return lambda some: np.column_stack([np.ones(len(some)), (some - means) / deviations])


def fit(rows, outcomes, ridge):
    """Newton's method on the log-likelihood less ridge / 2 times the squared coefficients, the intercept's aside."""
    penalty = np.full(rows.shape[1], ridge, float)
    penalty[0] = 0
    coefficients = np.zeros(rows.shape[1])
    for _ in range(50):
        probabilities = 1 / (1 + np.exp(-rows @ coefficients))
        gradient = rows.T @ (outcomes - probabilities) - penalty * coefficients
        curvature = (rows.T * (probabilities * (1 - probabilities))) @ rows + np.diag(penalty)
        change = np.linalg.solve(curvature, gradient)
        coefficients += change
        if np.abs(change).max() < 1e-10:
            break
    return coefficients


def area_under_curve(scores, outcomes):
    """Area under the ROC curve: how often a case with the outcome scores above one without; ties count half."""
    _, tie, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[tie]
    positive = outcomes.sum()
    negative = len(outcomes) - positive
    return (ranks[outcomes == 1].sum() - positive * (positive + 1) / 2) / (positive * negative)
