import { isForeign, type ClassificationReport, type RegressionReport, type VersionEvaluation } from '#contracts';

type Scores = Omit<ClassificationReport, 'loss'> & { readonly loss?: number };

/** Figures of an evaluation that gates can name. */
export function measuredFigures(evaluation: VersionEvaluation): Record<string, number> {
  const { test } = evaluation;
  if (isForeign(evaluation)) return 'rmse' in test ? ofRegression(test) : ofPart('test', test);
  return {
    parity_max_abs_diff: evaluation.parity.maxAbsDiff,
    ...ofPart('validation', evaluation.validation),
    ...ofPart('test', evaluation.test),
  };
}

function ofPart(part: 'validation' | 'test', report: Scores): Record<string, number> {
  const figures: Record<string, number> = {
    ...(report.loss === undefined ? {} : { [`${part}_loss`]: report.loss }),
    [`${part}_accuracy`]: report.accuracy,
    [`${part}_precision_macro`]: report.precisionMacro,
    [`${part}_recall_macro`]: report.recallMacro,
    [`${part}_f1_macro`]: report.f1Macro,
    [`${part}_rows`]: report.rows,
  };
  for (const score of report.perClass) {
    figures[`${part}_precision/${score.label}`] = score.precision;
    figures[`${part}_recall/${score.label}`] = score.recall;
    figures[`${part}_f1/${score.label}`] = score.f1;
  }
  return figures;
}

function ofRegression({ rows, rmse, mae, r2 }: RegressionReport): Record<string, number> {
  return { test_rmse: rmse, test_mae: mae, test_rows: rows, ...(r2 === null ? {} : { test_r2: r2 }) };
}
