import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from './mlflow/messages.js';
import { MlflowReader } from './mlflow/reader.js';
import { RestClient } from './mlflow/rest-client.js';
import { Bench, collect } from './testing.js';

interface Report {
  complete: boolean;
  counts: Record<string, { made: number; present: number; leftOut: number }>;
  leftOut: { kind: string; id: string; reason: string }[];
}

let bench: Bench;
let reader: MlflowReader;
beforeAll(async () => {
  bench = await Bench.start();
  const authorization = `Bearer ${bench.platform.token}`;
  reader = new MlflowReader(new RestClient({ url: bench.platform.url, authorization, name: 'the platform' }));
});
afterAll(() => bench?.stop());

const write = async (path: string, text: string) => {
  await mkdir(join(bench.root, path, '..'), { recursive: true });
  await writeFile(join(bench.root, path), text);
};
const sync = async (dir: string) => {
  const { code, out, err } = await bench.cli(['sync', join(bench.root, dir), '--json']);
  return { code, err, report: out ? (JSON.parse(out) as Report) : undefined };
};
const made = (report: Report | undefined) =>
  Object.fromEntries(Object.entries(report!.counts).flatMap(([kind, count]) => (count.made > 0 ? [[kind, count.made]] : [])));
const line = (key: string, step: number, value: unknown = step / 2) =>
  `${JSON.stringify({ key, value, step, timestamp: 1700000000000 + step })}\n`;

async function runsOf(experiment: string): Promise<Run[]> {
  const query = { experiment_name: experiment };
  const found = await reader.rest.call<{ experiment: { experiment_id: string } }>('GET', 'experiments/get-by-name', { query });
  const runs: Run[] = [];
  for await (const page of reader.runPages(found.experiment.experiment_id)) runs.push(...page);
  return runs;
}

async function values(runId: string, key: string): Promise<(number | string)[]> {
  const found: (number | string)[] = [];
  for await (const page of reader.history(runId, key)) found.push(...page.map(({ value }) => value));
  return found;
}

async function lines(runId: string): Promise<string[]> {
  const query = 'query ($id: ID!) { runLog(runId: $id) { text } }';
  const { runLog } = await bench.client.query<{ runLog: { text: string }[] }>(query, { id: `run_${runId}` });
  return runLog.map(({ text }) => text);
}

/** Number of the last event, when no more come: the log is filled a moment after each change. */
async function lastSequence(): Promise<string> {
  for (let last = '-1'; ; await delay(700)) {
    const { eventLog } = await bench.client.query<{ eventLog: { lastSequence: string } }>('{ eventLog { lastSequence } }');
    if (eventLog.lastSequence === last) return last;
    last = eventLog.lastSequence;
  }
}

describe('sync', () => {
  it('sends a run while it grows, and changes nothing the second time', async () => {
    await write(
      'a/one/run.json',
      JSON.stringify({
        id: 'job-1',
        name: 'one',
        experiment: 'offline',
        user: 'ada',
        start_time: 1700000000000,
        params: { lr: 0.1 },
      }),
    );
    await write('a/one/metrics.jsonl', line('loss', 0) + line('loss', 1, 'NaN') + line('loss', 2).slice(0, 20));
    await write('a/one/tags.jsonl', '{"key":"who","value":"x"}\n{"key":"who","value":"y"}\n{"key":"torn');
    await write('a/one/log.txt', 'first\nsecond\nhalf of the thi');
    await write('a/one/artifacts/deep/ü 1%.txt', 'content');
    await write('a/two/run.json', JSON.stringify({ id: 'job-2', experiment: 'offline', parent: 'job-3' }));
    await write('a/zzz/run.json', JSON.stringify({ id: 'job-3', experiment: 'offline' }));
    const first = await sync('a');
    expect(first.code).toBe(0);
    expect(made(first.report)).toEqual({ runs: 3, params: 1, tags: 1, points: 2, lines: 2, files: 1 });
    const runs = await runsOf('offline');
    const byId = (id: string) =>
      runs.find(({ data }) => data!.tags!.some((tag) => tag.value === id && tag.key === 'tailrace.offline.id'))!;
    expect(byId('job-1').info).toMatchObject({ run_name: 'one', status: 'RUNNING', user_id: 'ada', start_time: 1700000000000 });
    expect(byId('job-2').data!.tags).toContainEqual({ key: 'mlflow.parentRunId', value: byId('job-3').info.run_id });
    const id = byId('job-1').info.run_id;
    expect(await values(id, 'loss')).toEqual([0, 'NaN']);

    const before = await lastSequence();
    expect(made((await sync('a')).report)).toEqual({});
    await rm(join(bench.root, 'a/one/.tailrace-sync.json'));
    expect((await sync('a')).report!.counts['runs']).toMatchObject({ made: 0, present: 3 });
    expect(await values(id, 'loss')).toEqual([0, 'NaN']);
    expect(await lines(id)).toEqual(['first', 'second']);
    expect(made((await sync('a')).report)).toEqual({});
    // Points that were sent again are there once; only that they came may be said again.
    expect(Number(await lastSequence()) - Number(before)).toBeLessThanOrEqual(1);

    await appendFile(join(bench.root, 'a/one/metrics.jsonl'), `${line('loss', 2).slice(20)}${line('loss', 3).trim()}`);
    await appendFile(join(bench.root, 'a/one/log.txt'), 'rd\nlast');
    await write('a/one/artifacts/deep/ü 1%.txt', 'changed');
    await appendFile(join(bench.root, 'a/one/tags.jsonl'), '","value":1}');
    await write('a/one/end.json', JSON.stringify({ status: 'FAILED', end_time: 1700000009000 }));
    expect(made((await sync('a')).report)).toEqual({ tags: 1, points: 2, lines: 2, files: 1 });
    expect(await values(id, 'loss')).toEqual([0, 'NaN', 1, 1.5]);
    expect(await lines(id)).toEqual(['first', 'second', 'half of the third', 'last']);
    expect((await reader.run(id)).info).toMatchObject({ status: 'FAILED', end_time: 1700000009000 });
    const end = await lastSequence();
    expect(made((await sync('a')).report)).toEqual({});
    expect(await lastSequence()).toBe(end);
  });

  it('says what is wrong with a folder, and goes on with the others', async () => {
    await write('b/good/run.json', JSON.stringify({ id: 'good', experiment: 'mixed' }));
    await write(
      'b/good/metrics.jsonl',
      `${line('m', 0)}no json\n${line('m', 1)}${line('bad?', 1)}{"key":"m","value":"x","step":1,"timestamp":1}\n`,
    );
    await write('b/good/params.jsonl', '{"key":"a","value":"1"}\n{"name":"b"}\n');
    await write('b/no-id/run.json', '{"name":"x"}');
    await write('b/torn/run.json', '{"id":"to');
    await write('b/twin/run.json', JSON.stringify({ id: 'good' }));
    const { code, report } = await sync('b');
    expect(code).toBe(1);
    const reasons = report!.leftOut.map(({ id, reason }) => `${id.slice(bench.root.length)}: ${reason}`).sort();
    expect(reasons).toEqual([
      expect.stringMatching(/^\/b\/good\/metrics.jsonl line 2: .*JSON/),
      expect.stringMatching(/^\/b\/good\/metrics.jsonl line 4: .*Names may only contain/),
      expect.stringMatching(/^\/b\/good\/metrics.jsonl line 5: a value must be a number/),
      expect.stringMatching(/^\/b\/good\/params.jsonl line 2: "key" must be text/),
      expect.stringMatching(/^\/b\/no-id: .*"id" must be/),
      expect.stringMatching(/^\/b\/torn: .*is no JSON object, or is just being written/),
      expect.stringMatching(/^\/b\/twin: .* every run needs its own/),
    ]);
    const [run] = await runsOf('mixed');
    expect(await values(run!.info.run_id, 'm')).toEqual([0, 0.5]);
    expect((await sync('b')).report!.leftOut).toHaveLength(7);
  });

  it('understands the folders of MLflow', async () => {
    const root = 'mlruns/123/0123456789abcdef0123456789abcdef';
    await write(
      'mlruns/123/meta.yaml',
      "artifact_location: mlruns/123\nexperiment_id: '123'\nlifecycle_stage: active\nname: from files\n",
    );
    await write(
      `${root}/meta.yaml`,
      "end_time: 1700000005000\nlifecycle_stage: active\nrun_id: 0123456789abcdef0123456789abcdef\nrun_name: 'it''s'\nstart_time: 1700000000000\nstatus: 3\nuser_id: eve\n",
    );
    await write(`${root}/metrics/train/loss`, '1700000000000 0.5 0\n1700000000001 nan 1\n1700000000002 -inf 2\n');
    await write(`${root}/params/lr`, '0.1');
    await write(`${root}/tags/mlflow.runName`, "it's");
    await write(`${root}/artifacts/model/MLmodel`, 'flavors: {}');
    expect(made((await sync('mlruns')).report)).toEqual({ runs: 1, params: 1, points: 3, files: 1 });
    const [run] = await runsOf('from files');
    expect(run!.info).toMatchObject({ run_name: "it's", status: 'FINISHED', user_id: 'eve', end_time: 1700000005000 });
    expect(await values(run!.info.run_id, 'train/loss')).toEqual([0.5, 'NaN', '-Infinity']);
    expect(made((await sync('mlruns')).report)).toEqual({});
  });

  it('goes on while files grow', async () => {
    await write('w/run/run.json', JSON.stringify({ id: 'watched', experiment: 'watched' }));
    const watching = bench.begin(`sync ${join(bench.root, 'w')} --watch`);
    const said = collect(watching.stdout!);
    try {
      await expect.poll(said, { timeout: 20_000 }).toContain('sent 1 runs');
      await write('w/run/metrics.jsonl', line('m', 0));
      await expect.poll(said, { timeout: 20_000 }).toContain('sent 1 points');
    } finally {
      watching.kill('SIGINT');
    }
    const [run] = await runsOf('watched');
    expect(await values(run!.info.run_id, 'm')).toEqual([0]);
  });

  it('has words for what cannot be', async () => {
    expect(await bench.cli('sync nowhere')).toMatchObject({ code: 3, err: expect.stringContaining('is not there') });
    await mkdir(join(bench.root, 'empty'));
    expect(await bench.cli('sync empty')).toMatchObject({ code: 0, err: expect.stringContaining('there are no runs') });
  });
});

describe('a large file of a run', () => {
  it('is sent in parts, once, and again when it grew', async () => {
    await write('large/run.json', JSON.stringify({ id: 'large-1', experiment: 'large' }));
    const content = randomBytes(33 * 2 ** 20);
    await mkdir(join(bench.root, 'large/artifacts/deep'), { recursive: true });
    await writeFile(join(bench.root, 'large/artifacts/deep/weights.bin'), content);
    expect(made((await sync('large')).report)).toEqual({ runs: 1, files: 1 });
    const { info } = (await runsOf('large'))[0]!;
    const get = () => bench.client.send(`/get-artifact?run_id=${info.run_id}&path=deep/weights.bin`, {});
    expect(Buffer.from(await (await get()).arrayBuffer()).equals(content)).toBe(true);
    expect(made((await sync('large')).report)).toEqual({});
    await appendFile(join(bench.root, 'large/artifacts/deep/weights.bin'), 'more');
    expect(made((await sync('large')).report)).toEqual({ files: 1 });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(content.length + 4);
  });
});

describe('export', () => {
  it('writes what there is, keeps what is whole, mends what is not, and can be sent elsewhere', async () => {
    await write(
      'e/run/run.json',
      JSON.stringify({
        id: 'to export',
        experiment: 'exported',
        tags: { a: 'b' },
        params: { p: '1' },
        datasets: [{ name: 'd', digest: '1', source_type: 'local', source: 's', tags: { 'mlflow.data.context': 'train' } }],
      }),
    );
    await write('e/run/metrics.jsonl', Array.from({ length: 2500 }, (_, step) => line('loss', step)).join(''));
    await write('e/run/log.txt', 'hello\n');
    await write('e/run/artifacts/plots/a.bin', 'abc');
    await write('e/run/end.json', '{"status":"FINISHED","end_time":1700000009000}');
    await sync('e');
    const out = join(bench.root, 'out');
    const words = ['export', '--experiment', 'exported', '--out', out];
    expect(await bench.json<Report>(words)).toMatchObject({ complete: true, counts: { runs: { made: 1 }, files: { made: 1 } } });
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as {
      files: Record<string, { size: number }>;
    };
    const metrics = Object.keys(manifest.files).find((path) => path.endsWith('metrics.jsonl'))!;
    expect((await readFile(join(out, metrics), 'utf8')).split('\n')).toHaveLength(2501);
    const file = join(out, metrics, '../artifacts/plots/a.bin');
    await writeFile(file, 'xyz');
    expect(await bench.json<Report>(words)).toMatchObject({ counts: { runs: { made: 0, present: 1 }, files: { made: 1 } } });
    expect(await readFile(file, 'utf8')).toBe('abc');
    expect(await bench.json<Report>(words)).toMatchObject({ counts: { runs: { made: 0 }, files: { made: 0, present: 1 } } });
    expect(made((await sync('out')).report)).toEqual({ points: 2500, lines: 1 });
    expect(await runsOf('exported')).toHaveLength(1);
  });

  it('wants to know what, and takes no folder that is something else', async () => {
    expect(await bench.cli('export --out x')).toMatchObject({ code: 2, err: expect.stringContaining('say what to export') });
    expect(await bench.cli('export --experiment none --out x')).toMatchObject({
      code: 3,
      err: expect.stringContaining('no experiment "none"'),
    });
    await write('other/manifest.json', '{"format":"else"}');
    const ended = await bench.cli(['export', '--all', '--out', join(bench.root, 'other')]);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('is not the manifest of an export') });
  });
});
