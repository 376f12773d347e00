import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflow } from './import/testing.js';
import { MlflowFiles } from './mlflow/files.js';
import type { Run } from './mlflow/messages.js';
import { MlflowReader } from './mlflow/reader.js';
import { RestClient } from './mlflow/rest-client.js';
import { Bench } from './testing.js';

interface Report {
  complete: boolean;
  counts: Record<string, { made: number; present: number; leftOut: number }>;
  notes: string[];
  leftOut: { kind: string; id: string; reason: string; count: number }[];
}

let bench: Bench;
let reader: MlflowReader;
let source: FakeMlflow;
beforeAll(async () => {
  bench = await Bench.start();
  const authorization = `Bearer ${bench.platform.token}`;
  reader = new MlflowReader(new RestClient({ url: bench.platform.url, authorization, name: 'the platform' }));
});
afterAll(() => bench?.stop());
beforeEach(async () => {
  source = await FakeMlflow.start();
  return () => source.stop();
});

const env = { MLFLOW_TRACKING_TOKEN: 'secret-of-the-source' };
const bring = async (...flags: string[]) => {
  const ended = await bench.cli(['import', 'mlflow', '--url', source.url, '--json', ...flags], { env });
  expect(ended.out + ended.err).not.toContain('secret-of-the-source');
  return { ...ended, report: ended.out ? (JSON.parse(ended.out) as Report) : undefined };
};
const hex = (n: number) => n.toString(16).padStart(32, 'a');
const points = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    value: i % 7 === 3 ? 'NaN' : i / 8,
    step: from + i,
    timestamp: 1700000000000 + from + i,
  }));

function experiment(id: string, name: string): void {
  source.experiments.push({ experiment_id: id, name, tags: [{ key: 'team', value: 'a' }] });
}

async function imported(name: string): Promise<Run[]> {
  const query = { experiment_name: name };
  const { experiment: found } = await reader.rest.call<{ experiment: { experiment_id: string } }>(
    'GET',
    'experiments/get-by-name',
    { query },
  );
  const runs: Run[] = [];
  for await (const page of reader.runPages(found.experiment_id)) runs.push(...page);
  return runs;
}

/** Number of the last event, when no more come: the log is filled a moment after each change. */
async function lastSequence(): Promise<string> {
  for (let last = '-1'; ; await delay(700)) {
    const { eventLog } = await bench.client.query<{ eventLog: { lastSequence: string } }>('{ eventLog { lastSequence } }');
    if (eventLog.lastSequence === last) return last;
    last = eventLog.lastSequence;
  }
}

describe('import mlflow', () => {
  it('copies what there is, through pages and passing errors; twice is once', async () => {
    experiment('7', 'pages');
    for (let n = 0; n < 5; n++)
      source.runs.push({
        id: hex(n),
        experiment: '7',
        metrics: { loss: points(1500), acc: points(1) },
        params: { lr: `${n}` },
        tags: n > 0 ? { 'mlflow.parentRunId': hex(n - 1) } : {},
        deleted: n === 4,
      });
    source.lists[`${hex(0)}/`] = [
      { path: 'deep', is_dir: true },
      { path: 'a.bin', file_size: 3 },
    ];
    source.lists[`${hex(0)}/deep`] = [{ path: 'deep/ü 1%.txt', file_size: '5' }];
    source.contents[`${hex(0)}/a.bin`] = { bytes: Buffer.from([0, 1, 2]) };
    source.contents[`${hex(0)}/deep/ü 1%.txt`] = { bytes: Buffer.from('hello') };
    const first = await bring();
    expect(first).toMatchObject({
      code: 0,
      report: { complete: true, counts: { runs: { made: 5 }, points: { made: 7505 }, files: { made: 2 } } },
    });
    const runs = await imported('pages');
    expect(runs.map(({ info }) => info.lifecycle_stage)).toEqual(expect.arrayContaining(['deleted', 'active']));
    const one = runs.find(({ info }) => info.run_name === `run ${hex(0).slice(0, 4)}` && info.lifecycle_stage === 'active')!;
    expect(one.info).toMatchObject({ user_id: 'eve', status: 'FINISHED', start_time: 1700000000000, end_time: 1700000060000 });
    let count = 0;
    for await (const page of reader.history(one.info.run_id, 'loss')) count += page.length;
    expect(count).toBe(1500);
    const before = await lastSequence();
    const again = await bring();
    expect(again).toMatchObject({
      code: 0,
      report: { counts: { runs: { made: 0, present: 5 }, points: { made: 0 }, files: { made: 0, present: 2 } } },
    });
    expect(await lastSequence()).toBe(before);
    const lost = await bring('--state', join(bench.root, 'another.jsonl'));
    expect(lost).toMatchObject({
      code: 0,
      report: { counts: { experiments: { made: 0 }, runs: { made: 0 }, files: { made: 0 } } },
    });
    expect((await imported('pages')).length).toBe(5);
  });

  it('goes on where it was cut off, and adds what came since', async () => {
    experiment('1', 'cut off');
    for (let n = 0; n < 8; n++)
      source.runs.push({ id: hex(100 + n), experiment: '1', metrics: { m: points(10) }, status: 'RUNNING' });
    source.dieAfter = 18;
    expect(await bring('--jobs', '1')).toMatchObject({ code: 7, out: '', err: expect.stringContaining('must be reachable') });
    source.dieAfter = Infinity;
    source.runs[0]!.metrics['m']!.push(...points(5, 10));
    const { code, report } = await bring();
    expect(code).toBe(0);
    expect(report!.counts['runs']!.made + report!.counts['runs']!.present).toBe(8);
    const runs = await imported('cut off');
    expect(runs).toHaveLength(8);
    source.runs[1]!.metrics['m']!.push(...points(2, 10));
    expect((await bring()).report!.counts['points']!.made).toBe(12);
  });

  it('survives 429 and 5xx', async () => {
    experiment('1', 'busy');
    source.runs.push({ id: hex(200), experiment: '1', metrics: { m: points(3) } });
    const begun = bring();
    await expect.poll(() => source.log.length, { timeout: 20_000 }).toBeGreaterThan(0);
    source.troubles.push(429, 503, 502);
    expect(await begun).toMatchObject({ code: 0, report: { counts: { points: { made: 3 } } } });
    expect(source.troubles).toEqual([]);
  });

  it('leaves out what is hostile or refused, says why, and keeps the rest', async () => {
    experiment('1', 'hostile');
    const id = hex(300);
    source.runs.push({
      id,
      experiment: '1',
      metrics: { good: points(3), 'bad/../key': points(30) },
      params: { 'what?': '1', fine: '2' },
    });
    source.lists[`${id}/`] = [
      { path: '../../../etc/passwd', file_size: 1 },
      { path: '/etc/passwd', file_size: 1 },
      { path: '%2e%2e/x', file_size: 1 },
      { path: 'folder', is_dir: true },
      { path: 'liar', file_size: 2 },
      { path: 'away', file_size: 2 },
      { path: 'short', file_size: 9 },
      { path: 'fine', file_size: 2 },
    ];
    source.lists[`${id}/folder`] = [
      { path: 'folder', is_dir: true },
      { path: 'elsewhere/x', file_size: 1 },
    ];
    source.contents[`${id}/liar`] = { bytes: Buffer.alloc(5000) };
    source.contents[`${id}/short`] = { bytes: Buffer.alloc(3) };
    source.contents[`${id}/fine`] = { bytes: Buffer.from('ok') };
    source.contents[`${id}/away`] = { status: 302, headers: { location: bench.platform.url } };
    const { code, report, err } = await bring();
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^error: \d+ things were left out/) });
    const reasons = Object.fromEntries(report!.leftOut.map((one) => [one.id.slice(33), one.reason]));
    expect(reasons).toMatchObject({
      '../../../etc/passwd': expect.stringContaining('".."'),
      '/etc/passwd': expect.stringContaining('absolute'),
      '%2e%2e/x': expect.stringContaining('".."'),
      folder: expect.stringContaining('not in the folder'),
      'elsewhere/x': expect.stringContaining('not in the folder'),
      liar: expect.stringContaining('more than the 2 bytes'),
      short: expect.stringContaining('3 bytes, not the 9'),
      away: expect.stringContaining('not followed'),
      'what?': expect.stringContaining('Names may only contain'),
      'bad/../key': expect.stringContaining('must not resolve'),
    });
    expect(report!.leftOut.find(({ kind }) => kind === 'points')!.count).toBe(30);
    const [run] = await imported('hostile');
    expect(run!.data!.params).toEqual([{ key: 'fine', value: '2' }]);
    const files: string[] = [];
    for await (const { path } of new MlflowFiles(reader.rest).list({ kind: 'run', id: run!.info.run_id, uri: undefined }))
      files.push(path);
    expect(files).toEqual(['fine']);
    const again = await bring();
    expect(again).toMatchObject({
      code: 1,
      report: { counts: { points: { made: 0, leftOut: 30 }, files: { made: 0, present: 1 } } },
    });
  });

  it('goes beside what has its name here, and keeps numbers, stages and aliases of versions', async () => {
    await reader.rest.call('POST', 'experiments/create', { body: { name: 'taken' } });
    await reader.rest.call('POST', 'registered-models/create', { body: { name: 'churn' } });
    experiment('4', 'taken');
    const run = hex(400);
    source.runs.push({ id: run, experiment: '4', metrics: {} });
    source.models = [
      { name: 'churn', description: 'who leaves', tags: [{ key: 'o', value: '1' }], aliases: [{ alias: 'best', version: '5' }] },
    ];
    const version = (n: number, stage: string) => ({
      name: 'churn',
      version: String(n),
      current_stage: stage,
      run_id: run,
      source: `s3://bucket/4/${run}/artifacts/model`,
      tags: [],
    });
    source.versions = [version(2, 'Archived'), version(5, 'Production')];
    const host = new URL(source.url).host;
    const { code, report } = await bring();
    expect(report!.leftOut).toEqual([]);
    expect(code).toBe(0);
    expect(report!.notes).toEqual([
      expect.stringContaining(`taken (imported from ${host})`),
      expect.stringContaining('churn (imported from'),
    ]);
    expect(await imported(`taken (imported from ${host})`)).toHaveLength(1);
    const name = `churn (imported from ${host.replace(':', '-')})`;
    const model = await reader.registeredModel(name);
    expect(model).toMatchObject({ description: 'who leaves', aliases: [{ alias: 'best', version: '5' }] });
    const versions = await reader.versions(name);
    expect(versions).toMatchObject([
      { version: '2', current_stage: 'Archived', source: expect.stringMatching(/^runs:\/[0-9a-f]{32}\/model$/) },
      { version: '5', current_stage: 'Production' },
    ]);
    const before = await lastSequence();
    expect(await bring()).toMatchObject({
      code: 0,
      report: { counts: { models: { made: 0 }, versions: { made: 0, present: 2 } } },
    });
    expect(await lastSequence()).toBe(before);
  });

  it.each([
    [['--url', 'ftp://x'], 2, /--url must be a URL/],
    [['--url', 'http://127.0.0.1:9'], 7, /no server answers at http:\/\/127.0.0.1:9/],
    [['--url', 'SOURCE', '--token', 'wrong'], 4, /answers 401/],
    [['--url', 'SOURCE', '--experiment', 'none'], 3, /has no experiment "none"/],
  ])('%s exits with %i', async (flags, code, message) => {
    const words = flags.map((word) => (word === 'SOURCE' ? source.url : word));
    const ended = await bench.cli(['import', 'mlflow', ...words], { env });
    expect(ended).toMatchObject({ code, err: expect.stringMatching(message) });
  });

  it('does not mix the state of two platforms', async () => {
    const file = join(bench.root, 'foreign.jsonl');
    await writeFile(file, '{"kind":"about","id":"this","source":"http://else","platform":"http://else"}\n');
    expect(await bring('--state', file)).toMatchObject({ code: 2, err: expect.stringContaining('belongs to another source') });
  });
});
