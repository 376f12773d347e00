import type { Comparison, EvaluationResult, Gate, GateResult } from '#contracts';
import { assertNever } from '#kernel';

/** What gates may look at: figures that the platform measured, never what a client logged. */
export interface GateEvidence {
  /** State of the data set version that the run trained on; undefined when it has none. */
  readonly datasetState: string | undefined;
  readonly evaluation: EvaluationResult | null;
  /** Version that stands in the stage now; undefined when none does. */
  readonly champion: { readonly number: number } | undefined;
  /** Both models on the candidate's test rows; only asked for when a gate needs it and there is a champion. */
  readonly comparison?: Comparison;
}

/** Figures of an evaluation that `metric_min` can name. */
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

export function needsComparison(gates: readonly Gate[]): boolean {
  return gates.some((gate) => gate.kind === 'not_worse_than_champion');
}

export function evaluateGate(gate: Gate, evidence: GateEvidence): GateResult {
  const result = (outcome: GateResult['outcome'], message: string, observed: number | null = null): GateResult => ({
    gate,
    outcome,
    message,
    observed,
  });
  switch (gate.kind) {
    case 'data_valid':
      if (evidence.datasetState === undefined) return result('unknown', 'the version names no data set version');
      return result(
        evidence.datasetState === 'VALIDATED' ? 'passed' : 'failed',
        `the data set version is ${evidence.datasetState}`,
      );
    case 'metric_min':
      return metricMin(gate, evidence, result);
    case 'parity_max': {
      if (!evidence.evaluation) return result('unknown', 'the platform has not evaluated this version');
      const { maxAbsDiff, rows } = evidence.evaluation.parity;
      return result(
        maxAbsDiff <= gate.max ? 'passed' : 'failed',
        `formats differ by at most ${maxAbsDiff.toExponential(1)} on ${rows} rows (allowed ${gate.max})`,
        maxAbsDiff,
      );
    }
    case 'not_worse_than_champion':
      return notWorse(gate, evidence, result);
    default:
      return assertNever(gate);
  }
}

type Result = (outcome: GateResult['outcome'], message: string, observed?: number | null) => GateResult;

function metricMin(gate: Extract<Gate, { kind: 'metric_min' }>, evidence: GateEvidence, result: Result): GateResult {
  if (!evidence.evaluation) return result('unknown', 'the platform has not evaluated this version');
  const value = measuredFigures(evidence.evaluation)[gate.metric];
  if (value === undefined) return result('unknown', `the platform does not measure ${gate.metric}`);
  return result(value >= gate.min ? 'passed' : 'failed', `${gate.metric} is ${value.toFixed(4)} (at least ${gate.min})`, value);
}

function notWorse(gate: Extract<Gate, { kind: 'not_worse_than_champion' }>, evidence: GateEvidence, result: Result): GateResult {
  if (!evidence.champion) return result('passed', 'no version stands in the stage yet');
  const comparison = evidence.comparison;
  if (!comparison) return result('unknown', 'the two versions were not compared');
  if (!comparison.comparable) return result('unknown', comparison.reason);
  const difference = comparison.candidate.f1Macro - comparison.champion.f1Macro;
  const message = `F1 ${comparison.candidate.f1Macro.toFixed(4)} against ${comparison.champion.f1Macro.toFixed(4)} of version ${evidence.champion.number} on the same ${comparison.rows} test rows (at most ${gate.margin} worse)`;
  return result(difference >= -gate.margin ? 'passed' : 'failed', message, difference);
}
