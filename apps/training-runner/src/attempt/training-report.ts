import { MODEL_FILES, ranDifferences, type Claim, type Environment, type Finish, type MetricPoint, type Ran } from '#contracts';
import type { BackendReport, EpochResult, TrainResult, TrainStart } from '#engine-tfjs';
import { DomainError, isDomainError, errorMessage, type ErrorCode } from '#kernel';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';

/** What another try cannot mend. */
const FINAL: readonly ErrorCode[] = ['BAD_SPEC', 'BAD_DATA', 'DIVERGED', 'BAD_REQUEST', 'NOT_REPRODUCIBLE'];
const MAX_REASON = 4000;
/** `timestamp` in milliseconds since the epoch. */
export function pointsOf(result: EpochResult, timestamp: number): MetricPoint[] {
  return Object.entries(result.metrics).map(([key, value]) => ({ key, value, step: result.epoch, timestamp }));
}

/** What is known when training begins, as tags of the run. */
export function tagsOf(start: TrainStart): Record<string, string> {
  const tried = start.backend.tried.map(({ name, ok, reason, ms }) => `${name}: ${ok ? 'ok' : reason} (${ms} ms)`);
  return {
    'tailrace.backend': start.backend.chosen,
    'tailrace.backend.tried': tried.join('; ').slice(0, 8000),
    'tailrace.classes': start.classes.join(', ').slice(0, 8000),
    'tailrace.rows.train': String(start.rows.train),
    'tailrace.rows.validation': String(start.rows.validation),
    'tailrace.rows.test': String(start.rows.test),
    'tailrace.parameters': String(start.parameters),
    ...(start.resumedAt > 0 ? { 'tailrace.resumed_at_epoch': String(start.resumedAt) } : {}),
  };
}

export function succeeded(result: TrainResult, blobs: Readonly<Record<string, string>>): Finish {
  const artifacts = Object.fromEntries(Object.values(MODEL_FILES).map((file) => [`model/${file}`, blobs[file]!]));
  return { outcome: 'succeeded', artifacts, ...ranOn(result.backend) };
}

/** What trains here. */
function ranOn({ engine, chosen }: BackendReport): Ran {
  return { code: codeVersion(), engine, backend: chosen, environment: environment() };
}

function environment(): Environment {
  return { node: process.version, platform: `${platform()}-${arch()}`, cpu: cpus()[0]?.model.trim() || 'unknown' };
}

/**
 * Throws NOT_REPRODUCIBLE, naming all of it, when a training that does another one anew would run otherwise here than that one did, and is to be strict about it.
 */
export function checkStrict(reproduces: Claim['reproduces'], backend: BackendReport): void {
  if (!reproduces?.strict) return;
  const differences = ranDifferences(reproduces.ran, ranOn(backend));
  if (differences.length === 0) return;
  const text = differences.map(
    ({ key, original, reproduced }) => `${key} was ${original ?? 'not recorded'} and is ${reproduced ?? 'not known'}`,
  );
  throw new DomainError(
    'NOT_REPRODUCIBLE',
    `nothing was trained, since this is not what the original ran on: ${text.join('; ')}`,
  );
}

export function failed(error: unknown): Finish {
  const code = isDomainError(error) ? error.code : 'INTERNAL';
  const retry = !isDomainError(error) || !FINAL.includes(error.code);
  return { outcome: 'failed', code, reason: errorMessage(error).slice(0, MAX_REASON) || 'unknown', retry };
}

/** The version in the package.json above this file, in the source tree and in dist alike. */
function codeVersion(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const version = versionIn(new URL('package.json', folder));
    if (version) return `tailrace@${version}`;
  }
  return 'tailrace@unknown';
}

function versionIn(file: URL): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    return name === 'tailrace' ? version : undefined;
  } catch {
    return undefined;
  }
}
