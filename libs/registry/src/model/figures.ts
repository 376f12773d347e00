import type { EvaluationResult } from '#contracts';

/** Figures of an evaluation that gates can name. */
export function measuredFigures(evaluation: EvaluationResult): Record<string, number> {
  const figures: Record<string, number> = { parity_max_abs_diff: evaluation.parity.maxAbsDiff };
  for (const part of ['validation', 'test'] as const) {
    const report = evaluation[part];
    Object.assign(figures, {
      [`${part}_loss`]: report.loss,
      [`${part}_accuracy`]: report.accuracy,
      [`${part}_precision_macro`]: report.precisionMacro,
      [`${part}_recall_macro`]: report.recallMacro,
      [`${part}_f1_macro`]: report.f1Macro,
      [`${part}_rows`]: report.rows,
    });
    for (const score of report.perClass) {
      figures[`${part}_precision/${score.label}`] = score.precision;
      figures[`${part}_recall/${score.label}`] = score.recall;
      figures[`${part}_f1/${score.label}`] = score.f1;
    }
  }
  return figures;
}
