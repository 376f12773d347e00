import type { FacetBodies } from './facets.js';

/** What kind of job it is; endpoints serve without end, all others run and are done. */
export function jobType(
  what: 'TRAINING' | 'EXPERIMENT' | 'CHECK' | 'EVALUATION' | 'PROMOTION' | 'ENDPOINT' | 'TEST',
): FacetBodies<'job'> {
  const processingType = what === 'ENDPOINT' ? 'STREAMING' : 'BATCH';
  return { jobType: { processingType, integration: 'TAILRACE', jobType: what } };
}

/** A model is a data set to OpenLineage: by this it is told from others. */
export const MODEL_TYPE = { datasetType: { datasetType: 'MODEL' } };

/** What is known here of a thing, as its tags there; none where nothing is. */
export function taggedBy(tags: Readonly<Record<string, string>>, source: 'TAILRACE' | 'USER' = 'TAILRACE') {
  const list = Object.entries(tags).map(([key, value]) => ({ key, value, source }));
  return list.length === 0 ? {} : { tags: { tags: list } };
}

/** Why a run ended as it did; in which language it was written nobody says. */
export function errorOf(message: string): object {
  return { message, programmingLanguage: 'unknown' };
}

/** Reasons of ends for which nobody has given one. */
export const NO_REASON = { FAIL: 'the run has failed', ABORT: 'the run was ended from outside' } as const;
