import {
  lineageName,
  MODEL_TYPE,
  taggedBy,
  type FacetBodies,
  type Finding,
  type LineageDataset,
  type LineageWriter,
} from '#contracts';
import type { CheckedFacts, DataFacts, ModelFacts, RunFacts } from './lineage-facts.port.js';

/** A wider table is described by its first columns: bodies stay small enough for every backend. */
const MOST_COLUMNS = 1000;

/** A version of a data set: the data set, which version of it, and what is known of that. */
export function dataOf(
  write: LineageWriter,
  data: DataFacts,
  more: FacetBodies<'dataset'> = {},
  input: FacetBodies<'input'> = {},
): LineageDataset {
  const { project, name, number, format, columns } = data;
  const fields = columns?.slice(0, MOST_COLUMNS).map((column, index) => ({
    name: column.name,
    type: column.type,
    ordinal_position: index + 1,
  }));
  const facets = {
    version: { datasetVersion: String(number) },
    schema: fields && { fields },
    storage: { storageLayer: 'tailrace', fileFormat: format.toLowerCase() },
    ...more,
  };
  return write.dataset({ project, name: lineageName('dataset', name) }, facets, input);
}

/** What a check has measured of a version, and what it found. */
export function qualityOf({ profile, size }: CheckedFacts, assertions: readonly object[]): FacetBodies<'input'> {
  const columnMetrics = Object.fromEntries(
    (profile?.columns ?? []).slice(0, MOST_COLUMNS).map(({ name, missing, distinct, min, max, median }) => {
      const quantiles = typeof median === 'number' ? { quantiles: { '0.5': median } } : {};
      return [name, { nullCount: missing, distinctCount: distinct, ...numbers({ min, max }), ...quantiles }];
    }),
  );
  return {
    dataQualityMetrics: profile ? { rowCount: profile.rows, bytes: size, fileCount: 1, columnMetrics } : undefined,
    dataQualityAssertions: { assertions },
  };
}

/** Whether a version is fit to train on, then each finding. A finding is something that was found wrong. */
export function assertionsOf(valid: boolean, findings: readonly Finding[], reason?: string): object[] {
  const whole = { assertion: 'valid', success: valid, severity: 'error', ...(reason ? { description: reason } : {}) };
  const each = findings.map(({ code, severity, message, column }) => ({
    assertion: code,
    success: false,
    severity: severity === 'warning' ? 'warn' : 'error',
    description: message,
    ...(column === undefined ? {} : { column }),
  }));
  return [whole, ...each];
}

/** A version of a model: the model, which version of it, and by which tags it is known here. */
export function modelOf(
  write: LineageWriter,
  { project, model, number }: Pick<ModelFacts, 'project' | 'model' | 'number'>,
  tags: Readonly<Record<string, string>> = {},
): LineageDataset {
  const facets = { version: { datasetVersion: String(number) }, ...MODEL_TYPE, ...taggedBy(tags) };
  return write.dataset({ project, name: lineageName('model', model) }, facets);
}

/** A data set that only a client knows belongs to no project: runs of several may name it. */
export function loggedDataOf(write: LineageWriter, { name, digest, sourceType }: RunFacts['datasets'][number]): LineageDataset {
  const facets = { version: { datasetVersion: digest }, storage: { storageLayer: sourceType || 'unknown' } };
  return write.dataset({ project: '/', name: lineageName('logged_dataset', name) }, facets);
}

/** Names of logged models are not unique: it is known by its id, and its name is a tag. */
export function loggedModelOf(write: LineageWriter, { id, name, project }: RunFacts['models'][number]): LineageDataset {
  return write.dataset({ project, name: lineageName('logged_model', id) }, { ...MODEL_TYPE, ...taggedBy({ name }) });
}

function numbers(values: Readonly<Record<string, number | null | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
}
