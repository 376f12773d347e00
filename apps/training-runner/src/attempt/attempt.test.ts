import type { MetricPoint, TrainingSpecInput } from '#contracts';
import { loadModel, selectBackend } from '#engine-tfjs';
import { sha256 } from '#kernel';
import { childEntry } from '#process';
import { until } from '#testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runAttempt } from './attempt.js';
import { FakePlatform, penguins } from './testing.js';

const LONG: TrainingSpecInput = {
  task: 'classification',
  label: 'Species',
  training: { maxEpochs: 40, checkpointEveryEpochs: 5, earlyStopping: { patience: 40 } },
};
const KEYS = ['accuracy', 'loss', 'val_accuracy', 'val_loss'];
let table: Uint8Array;
let platform: FakePlatform;
let apiUrl = '';

beforeAll(async () => {
  table = await penguins();
});
beforeEach(async () => {
  platform = new FakePlatform(table);
  platform.spec = LONG;
  apiUrl = await platform.start();
});
afterEach(() => platform.stop());

const run = (signal = new AbortController().signal) => runAttempt({ apiUrl, token: 'secret' }, signal);

function startProcess(): {
  child: ChildProcess;
  file: string;
  exit: Promise<[number | null, string | null]>;
  output: () => string;
} {
  const file = join(mkdtempSync(join(tmpdir(), 'attempt-')), 'access.json');
  writeFileSync(file, JSON.stringify({ apiUrl, token: 'secret' }), { mode: 0o600 });
  const child = spawn(process.execPath, [childEntry(import.meta.url, './attempt.main.ts').pathname, file], { env: {} });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (code, signal) => resolve([code, signal])),
  );
  return { child, file, exit, output: () => output };
}

/** Last value of every key and step. */
function curve(points: readonly MetricPoint[]): Map<string, number> {
  return new Map(points.map(({ key, step, value }) => [`${key}@${step}`, Number(value)]));
}

function expectUnbroken(points: readonly MetricPoint[], epochs: number): void {
  const expected = KEYS.flatMap((key) => Array.from({ length: epochs }, (_, index) => `${key}@${index + 1}`));
  expect([...curve(points).keys()].sort()).toEqual(expected.sort());
}

describe('an attempt', () => {
  it('trains, reports its curve and uploads the model, as a process that deletes its secret', async () => {
    const begun = performance.now();
    const { file, exit, output } = startProcess();
    expect([await exit, output()]).toEqual([[0, null], expect.stringContaining('succeeded')]);
    console.log(`attempt process, 40 epochs: ${Math.round(performance.now() - begun)} ms`);
    expect(existsSync(file)).toBe(false);
    expectUnbroken(platform.points, 40);
    expect(platform.points.length).toBe(160);
    expect(platform.checkpoints.map(({ epoch }) => epoch)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
    expect(platform.tags).toMatchObject({
      'tailrace.backend': 'wasm',
      'tailrace.backend.tried': expect.stringMatching(/^gpu: .*not installed.*; wasm: ok/),
    });
    expect(platform.finishes).toEqual([
      expect.objectContaining({ outcome: 'succeeded', code: 'tailrace@0.1.0', engine: 'tfjs 4.22.0', backend: 'wasm' }),
    ]);
    const [finish] = platform.finishes;
    if (finish?.outcome !== 'succeeded') throw new Error('no success');
    const files = Object.entries(finish.artifacts).map(
      ([path, blob]) => [path.replace('model/', ''), platform.blobs.get(blob)!] as const,
    );
    expect(files.map(([, bytes]) => sha256(bytes))).toEqual(Object.values(finish.artifacts));
    await selectBackend();
    const model = await loadModel(Object.fromEntries(files));
    expect(model.preparation.label.classes).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    model.dispose();
  });

  it('is killed in the middle; a second attempt goes on from the checkpoint with one unbroken curve', async () => {
    await run();
    const whole = curve(platform.points);
    platform.points.length = platform.checkpoints.length = 0;
    const first = startProcess();
    platform.intercept = (route, body) => {
      if (route === 'POST /checkpoint' && body.includes('"epoch":15')) first.child.kill('SIGKILL');
      return undefined;
    };
    expect(await first.exit).toEqual([null, 'SIGKILL']);
    platform.intercept = () => undefined;
    platform.checkpoint = platform.checkpoints.at(-1)!;
    expect(platform.checkpoint.epoch).toBe(15);
    const before = platform.points.length;
    expect(await run()).toBe(0);
    expect(Math.min(...platform.points.slice(before).map(({ step }) => step))).toBe(16);
    expect(platform.tags['tailrace.resumed_at_epoch']).toBe('15');
    expectUnbroken(platform.points, 40);
    for (const [key, value] of curve(platform.points)) expect(Math.abs(value - whole.get(key)!), key).toBeLessThan(1e-5);
  });

  it('outlives two seconds of 503 without losing a point', async () => {
    let down = 0;
    platform.intercept = (route) => {
      if (platform.checkpoints.length === 2 && down === 0) down = performance.now() + 2000;
      const retry: Record<string, string> = route === 'POST /metrics' ? { 'retry-after': '0.2' } : {};
      return performance.now() < down ? { status: 503, headers: retry } : undefined;
    };
    expect(await run()).toBe(0);
    expect(down).toBeGreaterThan(0);
    expectUnbroken(platform.points, 40);
    expect(platform.points.map(({ step }) => step)).toEqual(platform.points.map(({ step }) => step).sort((a, b) => a - b));
    expect(platform.finishes.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  });

  it.each(['POST /claim', 'POST /metrics', 'POST /checkpoint', 'PUT /blobs/*', 'POST /finish', 'POST /heartbeat'])(
    'stops when %s says that it is stale',
    async (stale) => {
      platform.spec = {
        ...LONG,
        training: {
          ...LONG.training,
          maxEpochs: 2000,
          earlyStopping: { patience: 2000 },
          checkpointEveryEpochs: stale === 'POST /heartbeat' ? 1000 : 5,
        },
      };
      if (stale === 'POST /finish') platform.spec = LONG;
      platform.intercept = (route) => (route === stale ? { status: 409, code: 'STALE_ATTEMPT' } : undefined);
      const { exit } = startProcess();
      expect(await exit).toEqual([3, null]);
      // A heartbeat and lines of the log, which go by themselves, may cross the refused call; nothing else may follow it.
      const crossing = ['POST /heartbeat', 'POST /log'];
      expect(platform.calls.filter((call) => call === stale || !crossing.includes(call)).at(-1)).toBe(stale);
      expect(platform.finishes).toEqual([]);
    },
  );

  it('stops when its token is refused', async () => {
    expect(await runAttempt({ apiUrl, token: 'old' }, new AbortController().signal)).toBe(3);
    expect(platform.calls).toEqual(['POST /claim']);
  });

  it('reports canceled when a heartbeat says so', async () => {
    platform.spec = { ...LONG, training: { maxEpochs: 100_000, earlyStopping: { patience: 100_000 } } };
    const beaten = () => platform.beats.length > 3 && (platform.beats.at(-1)?.epoch ?? 0) > 0;
    const asked = until('it trains and says so', async () => beaten()).then(() => (platform.cancel = true));
    expect(await run()).toBe(0);
    await asked;
    expect(platform.finishes).toEqual([{ outcome: 'canceled' }]);
    expect(platform.beats.length).toBeGreaterThan(3);
    expect(platform.beats.at(-1)!.epoch).toBeGreaterThan(0);
    expectUnbroken(platform.points, Math.max(...platform.points.map(({ step }) => step)));
  });

  it('exits by 143 on SIGTERM, reporting nothing, with the checkpoint and the points before it saved', async () => {
    platform.spec = { ...LONG, training: { maxEpochs: 100_000, earlyStopping: { patience: 100_000 } } };
    const { child, exit } = startProcess();
    let refused = 0;
    platform.intercept = (route) => {
      if (route !== 'POST /metrics' || platform.checkpoints.length < 2 || refused > 1) return undefined;
      if (++refused === 1) setTimeout(() => child.kill('SIGTERM'), 100);
      return { status: 503, headers: { 'retry-after': '5' } };
    };
    expect(await exit).toEqual([143, null]);
    expect(platform.finishes).toEqual([]);
    expectUnbroken(platform.points, Math.max(...platform.points.map(({ step }) => step)));
    expect(Math.max(...platform.points.map(({ step }) => step))).toBeGreaterThanOrEqual(platform.checkpoints.at(-1)!.epoch);
  });

  it('reports bad specs and data as final, and what it does not know as worth a retry', async () => {
    platform.spec = { task: 'classification', label: 'No such column' };
    expect(await run()).toBe(0);
    expect(platform.finishes.pop()).toMatchObject({
      outcome: 'failed',
      code: 'BAD_SPEC',
      retry: false,
      reason: expect.stringContaining('unknown column "No such column"'),
    });
    platform.blobs.set(sha256(table), Buffer.from('damaged'));
    expect(await run()).toBe(0);
    expect(platform.finishes.pop()).toMatchObject({ outcome: 'failed', code: 'BLOB_MISMATCH', retry: true });
    platform.blobs.set(sha256(table), table);
    platform.spec = LONG;
    platform.intercept = (route) => (route === 'POST /checkpoint' ? { status: 400 } : undefined);
    expect(await run()).toBe(0);
    expect(platform.finishes.pop()).toMatchObject({ outcome: 'failed', code: 'BAD_REQUEST', retry: false });
  });

  it('starts over when the checkpoint is of no use, and says so', async () => {
    const useless = Buffer.from('no checkpoint');
    platform.blobs.set(sha256(useless), useless);
    platform.checkpoint = { sha256: sha256(useless), epoch: 15 };
    expect(await run()).toBe(0);
    expectUnbroken(platform.points, 40);
    expect(platform.tags['tailrace.checkpoint_ignored']).toMatch(/the checkpoint cannot be used/);
    platform.checkpoint = { sha256: '0'.repeat(64), epoch: 15 };
    expect(await run()).toBe(0);
    expect(platform.tags['tailrace.checkpoint_ignored']).toBe('the checkpoint cannot be fetched');
  });

  it('that does a training anew tries its back end first, and says what it ran on', async () => {
    platform.reproduces = { ran: { backend: 'cpu' }, strict: false };
    platform.spec = { ...LONG, training: { maxEpochs: 1 } };
    expect(await run()).toBe(0);
    expect(platform.finishes.pop()).toMatchObject({
      outcome: 'succeeded',
      backend: 'cpu',
      environment: { node: process.version, platform: expect.stringContaining('-'), cpu: expect.any(String) },
    });
  });

  it('trains nothing when it is strict and this is not what the original ran on, and names all of it', async () => {
    platform.reproduces = {
      ran: { code: 'tailrace@0.0.1', engine: 'tfjs 4.22.0', backend: 'gpu', environment: {} },
      strict: true,
    };
    expect(await run()).toBe(0);
    const finish = platform.finishes.pop();
    expect(finish).toMatchObject({ outcome: 'failed', code: 'NOT_REPRODUCIBLE', retry: false });
    expect(finish).toHaveProperty(
      'reason',
      expect.stringMatching(
        /code was tailrace@0.0.1 and is tailrace@\S+; backend was gpu and is wasm; .*node was not recorded and is v/,
      ),
    );
    expect(platform.points).toEqual([]);
  });

  it('repeats a finish whose answer was lost, and reports a finish that is refused', async () => {
    platform.intercept = (route) =>
      route === 'POST /finish' && platform.finishes.length === 0 ? { loseAnswer: true } : undefined;
    expect(await run()).toBe(0);
    expect(platform.finishes.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
    platform.finishes.length = 0;
    platform.intercept = (route, body) => (route === 'POST /finish' && body.includes('succeeded') ? { status: 422 } : undefined);
    expect(await run()).toBe(0);
    expect(platform.finishes).toEqual([expect.objectContaining({ outcome: 'failed', code: 'BAD_REQUEST', retry: false })]);
  });

  it('refuses a secret that others could read, without printing it', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'attempt-')), 'access.json');
    writeFileSync(file, JSON.stringify({ apiUrl, token: 'secret' }), { mode: 0o644 });
    const child = spawn(process.execPath, [childEntry(import.meta.url, './attempt.main.ts').pathname, file], { env: {} });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(output).toContain('must have the mode 0600');
    expect(existsSync(file)).toBe(false);
  });
});
