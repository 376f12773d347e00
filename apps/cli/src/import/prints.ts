import { createHash } from 'node:crypto';
import type { LoggedModel, ModelMetric, Run } from '../mlflow/messages.js';

/** A short hash of what a run of the source shows; while it stays, nothing of the run has changed but perhaps its files. */
export function runPrint({ info, data, inputs, outputs }: Run, ofModels: readonly ModelMetric[]): string {
  const { run_name: name, status, end_time: end, lifecycle_stage: stage } = info;
  return printOf([name, status, end, stage, data?.params, data?.tags, data?.metrics, inputs, outputs, ofModels]);
}

export function modelPrint({ info, data }: LoggedModel): string {
  return printOf([info.status, info.tags, data?.params]);
}

/** Lists count as sets: servers give no order. */
export function printOf(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    Array.isArray(inner) && inner.every((item) => typeof item === 'object' && item !== null)
      ? inner.map((item) => JSON.stringify(sortedKeys(item as object))).sort()
      : inner,
  );
  return createHash('sha256')
    .update(text ?? '')
    .digest('hex')
    .slice(0, 32);
}

function sortedKeys(value: object): unknown {
  return Array.isArray(value) ? value : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
