import type { TailraceClient } from '../client/tailrace-client.js';
import { numberOf, recordOf, type Experiment, type Run } from '../mlflow/messages.js';
import type { MlflowReader } from '../mlflow/reader.js';

const PARENT = 'mlflow.parentRunId';
const LINES = 1000;
const LOG = `query ($id: ID!, $after: String) { runLog(runId: $id, after: $after, first: ${LINES}) { cursor text } }`;

/** A run in the format of `tailrace sync`, so that an export can be logged again elsewhere. */
export function headOf({ info, data, inputs, outputs }: Run, experiment: Experiment): object {
  const { [PARENT]: parent, 'mlflow.runName': _, ...tags } = recordOf(data?.tags);
  return {
    id: info.run_id,
    name: info.run_name,
    experiment: experiment.name,
    user: info.user_id || undefined,
    start_time: numberOf(info.start_time),
    parent,
    ...(info.lifecycle_stage === 'deleted' ? { deleted: true } : {}),
    params: recordOf(data?.params),
    tags,
    datasets: (inputs?.dataset_inputs ?? []).map(({ dataset, tags: of }) => ({ ...dataset, tags: recordOf(of) })),
    model_inputs: inputs?.model_inputs ?? [],
    model_outputs: outputs?.model_outputs ?? [],
  };
}

export function endOf({ info }: Run): object | undefined {
  if (info.status === 'RUNNING' || info.status === 'SCHEDULED') return undefined;
  return { status: info.status, end_time: numberOf(info.end_time) };
}

/** Whole histories, key by key, a point a line. */
export async function* historyLines(reader: MlflowReader, runId: string, keys: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const key of keys)
    for await (const page of reader.history(runId, key)) {
      const lines = page.map(({ value, step, timestamp }) =>
        JSON.stringify({ key, value, step: Number(step ?? 0), timestamp: Number(timestamp) }),
      );
      if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`);
    }
}

/** What the run printed. */
export async function logText(client: TailraceClient, runId: string): Promise<string> {
  const parts: string[] = [];
  for (let after: string | undefined; ;) {
    const { runLog } = await client.query<{ runLog: { cursor: string; text: string }[] }>(LOG, { id: ownId(runId), after });
    parts.push(...runLog.map(({ text }) => `${text}\n`));
    if (runLog.length < LINES) return parts.join('');
    after = runLog.at(-1)!.cursor;
  }
}

/** Our own id of a run that MLflow's clients know by its digits. */
export const ownId = (runId: string): string => (/^[0-9a-f]{32}$/.test(runId) ? `run_${runId}` : runId);
