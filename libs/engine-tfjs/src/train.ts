import type { Table, TrainingSpec } from '#contracts';
import { DomainError } from '#kernel';
import { selectBackend, type BackendChoice, type BackendReport } from './backend.js';
import { decodeCheckpoint, encodeCheckpoint, type EpochResult, type Progress } from './checkpoint.js';
import { Learner } from './learner.js';
import { modelFiles } from './model-files.js';
import { prepareTrainingData, type TrainingData } from './training-data.js';

export interface TrainRequest {
  readonly spec: TrainingSpec;
  readonly table: Table;
  /** Checkpoint to go on from. */
  readonly resume?: Uint8Array;
  readonly backend?: BackendChoice;
  /** With 'auto': the back end that is tried before the others. */
  readonly firstTried?: string;
}

export interface TrainStart {
  readonly features: readonly string[];
  readonly classes: readonly string[];
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly parameters: number;
  readonly backend: BackendReport;
  /** Epochs already done by the checkpoint; 0 without one. */
  readonly resumedAt: number;
}

/** What a training says while it runs; it waits for the promises, so a slow receiver slows it down rather than filling memory. */
export interface TrainIo {
  onStart(info: TrainStart): void | Promise<void>;
  onEpoch(result: EpochResult): Promise<void>;
  onCheckpoint(bytes: Uint8Array, epoch: number): Promise<void>;
  log(line: string): void;
}

export type StopReason = 'converged' | 'max_epochs';

export interface TrainResult {
  /** By the names of MODEL_FILES. */
  readonly files: Record<string, Uint8Array>;
  readonly epochs: number;
  readonly stoppedBecause: StopReason;
  readonly bestEpoch: number;
  readonly history: readonly EpochResult[];
  readonly backend: BackendReport;
}

/**
 * Trains the network of `spec` on the training part of `table`, watching the validation part; the files hold the weights of the best epoch.
 * Equal requests on one backend give equal results, and a resumed training continues exactly as an uninterrupted one. Throws BAD_SPEC,
 * BAD_DATA, BAD_CHECKPOINT, BACKEND_UNAVAILABLE, DIVERGED (the loss is no number any more) or ABORTED (by `signal`).
 */
export async function train(request: TrainRequest, io: TrainIo, signal: AbortSignal): Promise<TrainResult> {
  checkAborted(signal, 0);
  const data = prepareTrainingData(request.spec, request.table, (line) => io.log(line));
  const backend = await selectBackend(request.backend, request.firstTried);
  const learner = new Learner(request.spec, data.preparation.width, data.preparation.label.classes.length);
  try {
    const resumed = request.resume && resume(learner, request.resume, data.fingerprint);
    await io.onStart(startOf(data, learner, backend, resumed?.epoch ?? 0));
    const end = await runEpochs(request.spec, data, learner, resumed, io, signal);
    learner.setWeights(end.best.weights);
    return {
      files: await modelFiles(learner.network.model, data.preparation),
      epochs: end.epoch,
      stoppedBecause: converged(request.spec, end) ? 'converged' : 'max_epochs',
      bestEpoch: end.best.epoch,
      history: end.history,
      backend,
    };
  } finally {
    learner.dispose();
  }
}

function resume(learner: Learner, bytes: Uint8Array, fingerprint: string): Progress {
  const sizes = learner.network.variables.map((variable) => variable.size);
  const progress = decodeCheckpoint(bytes, fingerprint, sizes);
  learner.restore(progress.learner);
  return progress;
}

function startOf(data: TrainingData, learner: Learner, backend: BackendReport, resumedAt: number): TrainStart {
  const { train: trained, validation, test } = data.parts;
  return {
    features: data.features,
    classes: data.preparation.label.classes,
    rows: { train: trained.length, validation: validation.length, test: test.length },
    parameters: learner.network.parameters,
    backend,
    resumedAt,
  };
}

/** Training state between epochs; the learner itself holds weights and moments. */
type Course = Omit<Progress, 'learner'>;

async function runEpochs(
  spec: TrainingSpec,
  data: TrainingData,
  learner: Learner,
  resumed: Progress | undefined,
  io: TrainIo,
  signal: AbortSignal,
): Promise<Course> {
  let course: Course = resumed ?? { epoch: 0, best: { epoch: 0, loss: Infinity, weights: [] }, wait: 0, history: [] };
  while (course.epoch < spec.training.maxEpochs && !converged(spec, course)) {
    const result = await runEpoch(data, learner, course.epoch + 1, signal);
    course = advance(course, result, spec, learner);
    await io.onEpoch(result);
    if (course.epoch % spec.training.checkpointEveryEpochs === 0)
      await io.onCheckpoint(encodeCheckpoint({ ...course, learner: learner.state() }, data.fingerprint), course.epoch);
    checkAborted(signal, course.epoch);
  }
  return course;
}

async function runEpoch(data: TrainingData, learner: Learner, epoch: number, signal: AbortSignal): Promise<EpochResult> {
  const check = () => checkAborted(signal, epoch - 1);
  const trained = await learner.epoch(data.train, epoch, check);
  const validated = await learner.evaluate(data.validation, check);
  if (!Number.isFinite(trained.loss) || !Number.isFinite(validated.loss))
    throw new DomainError(
      'DIVERGED',
      `the loss is not a finite number in epoch ${epoch}; try a lower learning rate or scaled features`,
      undefined,
      {
        epoch,
      },
    );
  const metrics = { loss: trained.loss, accuracy: trained.accuracy, val_loss: validated.loss, val_accuracy: validated.accuracy };
  return { epoch, metrics };
}

function advance(course: Course, result: EpochResult, spec: TrainingSpec, learner: Learner): Course {
  const loss = result.metrics.val_loss;
  const better = loss < course.best.loss - spec.training.earlyStopping.minDelta;
  course.history.push(result);
  return {
    epoch: result.epoch,
    best: better ? { epoch: result.epoch, loss, weights: learner.weights() } : course.best,
    wait: better ? 0 : course.wait + 1,
    history: course.history,
  };
}

function converged(spec: TrainingSpec, course: Course): boolean {
  return course.wait >= spec.training.earlyStopping.patience;
}

function checkAborted(signal: AbortSignal, epochs: number): void {
  if (signal.aborted) throw new DomainError('ABORTED', `the training was stopped after ${epochs} epochs`);
}
