import type { Bootstrap, Comparison, EvaluationRequest, EvaluationResult } from '#contracts';
import { selectBackend, signatureOf } from '#engine-tfjs';
import { DomainError, isDomainError } from '#kernel';
import { compare } from './compare.js';
import { exampleOf } from './example.js';
import { loadEvaluated, type Evaluated } from './evaluated.js';
import { parityOf } from './parity.js';
import { reportOnPart } from './report.js';

/**
 * Judges a candidate on the validation and test parts of its training table, proves that its ONNX form gives the same answers, and compares
 * it with the champion. Throws BAD_MODEL for a broken candidate; a broken champion only makes the two incomparable.
 */
export async function evaluate(request: EvaluationRequest): Promise<EvaluationResult> {
  const backend = await selectBackend();
  const candidate = await loadEvaluated(request.candidate);
  try {
    const { loaded, table, split } = candidate;
    return {
      signature: signatureOf(loaded.preparation),
      validation: reportOnPart(loaded, table, 'validation', split.parts.validation),
      test: reportOnPart(loaded, table, 'test', split.parts.test),
      parity: await parityOf(candidate),
      example: exampleOf(candidate),
      ...(request.champion ? { comparison: await compareWith(candidate, request.champion, request.bootstraps ?? []) } : {}),
      backend: backend.chosen,
    };
  } catch (error) {
    throw asModelFault(error);
  } finally {
    candidate.loaded.dispose();
  }
}

async function compareWith(
  candidate: Evaluated,
  source: NonNullable<EvaluationRequest['champion']>,
  bootstraps: readonly Bootstrap[],
): Promise<Comparison> {
  try {
    const champion = await loadEvaluated(source);
    try {
      return compare(candidate, champion, bootstraps);
    } finally {
      champion.loaded.dispose();
    }
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { comparable: false, reason: `the champion cannot be judged: ${error.message}` };
  }
}

/** The table is the one that the model claims as its own: where the two do not fit, the model is wrong. */
function asModelFault(error: unknown): unknown {
  if (!isDomainError(error) || error.code !== 'BAD_DATA') return error;
  return new DomainError('BAD_MODEL', `the model does not fit its training table: ${error.message}`, error.field);
}
