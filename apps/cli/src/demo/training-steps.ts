import type { TailraceClient } from '../client/tailrace-client.js';
import { sparkline } from '../output/sparkline.js';
import { CURVE, JOB } from './documents.js';
import type { EventFeed } from './event-feed.js';
import { check, type Stage } from './stage.js';

export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly backend: string;
  readonly reason: string | null;
  readonly datasetVersion: { id: string; number: number };
  readonly run: {
    id: string;
    status: string;
    tags: { key: string; value: string }[];
    metrics: { key: string; value: number | null; source: string }[];
    artifacts: { path: string; blob: string }[];
  };
  readonly modelVersions: {
    id: string;
    number: number;
    stage: string;
    signature: { inputs: { name: string; datatype: string }[] };
    files: { name: string }[];
    measured: { key: string; value: number }[];
  }[];
}

/** What is trained: median and most frequent imputation, standardised, one-hot, split by a hash of the row; then an MLP with early stopping. */
export const SPEC = {
  task: 'classification',
  label: 'Species',
  preparation: { numeric: { impute: 'median', scale: 'standard' }, text: { impute: 'most_frequent', encode: 'one_hot' } },
  split: { train: 0.7, validation: 0.15, test: 0.15, seed: 42 },
  model: { kind: 'mlp', layers: [{ units: 16, activation: 'relu' }] },
  training: {
    optimizer: 'adam',
    learningRate: 0.01,
    batchSize: 16,
    maxEpochs: 200,
    earlyStopping: { minDelta: 0.0001, patience: 12 },
    checkpointEveryEpochs: 10,
    seed: 7,
  },
};

interface CurvePoint {
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
}

/** Shows the loss as it comes, until the run has ended. */
export async function watchCurve(client: TailraceClient, stage: Stage, runId: string): Promise<number> {
  const loss = new Map<number, number | null>();
  const validation = new Map<number, number | null>();
  let frames = 0;
  for await (const points of client.subscribe<CurvePoint[]>(CURVE, { runId })) {
    frames += 1;
    for (const point of points)
      (point.key === 'val_loss' ? validation : point.key === 'loss' ? loss : undefined)?.set(point.step, point.value);
    const last = [...loss.keys()].at(-1);
    if (last !== undefined && frames % 2 === 1)
      stage.line(`epoch ${String(last).padStart(3)}  loss ${loss.get(last)?.toFixed(4)}  ${sparkline([...loss.values()], 50)}`);
  }
  check(loss.size > 0 && validation.size === loss.size, 'the loss curve came by the subscription');
  const steps = [...loss.keys()];
  check(
    steps.every((step, index) => index === 0 || step === steps[index - 1]! + 1),
    'the curve has every epoch once',
  );
  stage.line(
    `${loss.size} epochs in ${frames} frames; validation loss ${[...validation.values()].at(-1)?.toFixed(4)}  ${sparkline([...validation.values()], 50)}`,
  );
  return loss.size;
}

/** Waits until the job's model has been evaluated by the platform and registered, and checks what the run holds. */
export async function readCandidate(client: TailraceClient, feed: EventFeed, jobId: string, runId: string): Promise<JobView> {
  const event = await feed.first(['model_version.created', 'training_job.failed'], (data) => data.runId === runId, 120);
  check(event.type.includes('model_version'), `the training failed: ${String(event.data.reason)}`);
  const { trainingJob: job } = await client.query<{ trainingJob: JobView }>(JOB, { id: jobId });
  check(job.state === 'SUCCEEDED' && job.run.status === 'FINISHED', `job ${job.state}, run ${job.run.status}`);
  const measured = job.run.metrics.filter((metric) => metric.source === 'platform').map((metric) => metric.key);
  for (const key of [
    'test_accuracy',
    'test_precision_macro',
    'test_recall_macro',
    'test_f1_macro',
    'validation_f1_macro',
    'parity_max_abs_diff',
  ])
    check(measured.includes(key), `${key} is in the run, marked as measured by the platform`);
  check(
    job.run.artifacts.some((artifact) => artifact.path === 'model/model.onnx'),
    'the ONNX file is an artifact of the run',
  );
  return job;
}

export function figure(job: JobView, key: string): number {
  const found = job.modelVersions[0]?.measured.find((candidate) => candidate.key === key);
  check(found, `the platform measured ${key}`);
  return found.value;
}

/** Confusion matrix as lines: rows are the truth, columns what was predicted. */
export function printConfusion(stage: Stage, report: { classes: string[]; confusion: number[][] }): void {
  const width = Math.max(...report.classes.map((name) => name.length));
  stage.line(`  ${''.padEnd(width)}  ${report.classes.map((name) => name.slice(0, 9).padStart(9)).join(' ')}  (predicted)`);
  report.confusion.forEach((row, index) =>
    stage.line(`  ${report.classes[index]!.padEnd(width)}  ${row.map((count) => String(count).padStart(9)).join(' ')}`),
  );
}
