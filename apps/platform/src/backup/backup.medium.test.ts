import { createHash } from 'node:crypto';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '#config';
import { TailraceClient } from '../../../cli/src/client/tailrace-client.js';
import { backup, homeDatabaseUrl, restore, type BackupResult } from './index.js';
import { build, startPlatformProcess, type RunningPlatform } from './testing.js';

const quiet = () => undefined;
const configOf = (home: string) => loadConfig({ TAILRACE_HOME: home });
const CREATE_RUN = 'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } userErrors { code message } } }';
const ODD = 'tab\t newline\n return\r backslash \\N \\. quote " emoji 🐧 Grüße';

let root: string;
let platform: RunningPlatform;
let client: TailraceClient;
let made: BackupResult;
let runId: string;
let blobs: string[];

beforeAll(async () => {
  build();
  root = await mkdtemp(join(tmpdir(), 'tailrace-backup-'));
  platform = await startPlatformProcess(join(root, 'home'));
  client = new TailraceClient(platform.url, platform.token);
  blobs = [await client.uploadText('a,b\n1,2\n3,4\n'), await client.uploadText('Grüße\0\r\n')];
  runId = await makeData(client);
  await oddValues(join(root, 'home'), runId);
  made = await whileWriting(() => backup(configOf(join(root, 'home')), join(root, 'backup'), quiet));
});

afterAll(async () => {
  await client?.close();
  await platform?.stop();
  if (root) await rm(root, { recursive: true, force: true });
});

async function makeData(api: TailraceClient): Promise<string> {
  await api.mutate('mutation ($input: CreateMemberInput!) { createMember(input: $input) { userErrors { code message } } }', {
    name: 'ada',
    role: 'approver',
  });
  const { dataset } = await api.mutate<{ dataset: { id: string } }>(
    'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { code message } } }',
    { name: 'small' },
  );
  const version = { datasetId: dataset.id, blob: blobs[0], format: 'CSV' };
  await api.mutate(
    'mutation ($input: CreateDatasetVersionInput!) { createDatasetVersion(input: $input) { userErrors { code message } } }',
    version,
  );
  // Its check makes a blob, which must not come between two backups.
  const states = async () => JSON.stringify(await api.query('{ datasetVersions { edges { node { state } } } }'));
  await vi.waitFor(async () => expect(await states()).toContain('VALIDATED'), { timeout: 30_000, interval: 100 });
  const { experiment } = await api.mutate<{ experiment: { id: string } }>(
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { code message } } }',
    { name: 'odd' },
  );
  const run = { experimentId: experiment.id, name: 'odd', tags: [{ key: ODD, value: ODD }] };
  return (await api.mutate<{ run: { id: string } }>(CREATE_RUN, run)).run.id;
}

/** What GraphQL does not let in, but attempts may log. */
async function oddValues(home: string, run: string): Promise<void> {
  const database = new pg.Client({ connectionString: await homeDatabaseUrl(home) });
  await database.connect();
  await database.query(
    `with k as (insert into metric_key (workspace_id, name) select workspace_id, 'odd' from run where id = $1 returning id)
     insert into metric_point (run, key, source, attempt, step, ts, value)
     select num, k.id, 1, 0, s.step, 9223372036854775807, s.value from run, k,
       (values (1, 'NaN'::float8), (2, '-0'), (3, 'Infinity'), (4, '-Infinity'), (5, 5e-324), (6, 0.1::float8 + 0.2::float8), (9007199254740993, 1)) s(step, value)
     where run.id = $1`,
    [run],
  );
  // More than fits into a few buffers.
  await database.query(
    `insert into metric_point (run, key, source, attempt, step, ts, value)
     select -1, 1, 1, 1, s, 1700000000000 + s, sin(s) from generate_series(1, 100000) s`,
  );
  await database.query(`update run set heartbeat_at = '2026-01-02 03:04:05.678901+00' where id = $1`, [run]);
  await database.end();
}

/** Runs are made until the work is done: the backup must not hold them up, and must have none of them by half. */
async function whileWriting<T>(work: () => Promise<T>): Promise<T> {
  const { run } = await client.query<{ run: { experiment: { id: string } } }>(
    'query ($id: ID!) { run(id: $id) { experiment { id } } }',
    { id: runId },
  );
  let [writing, written] = [true, 0];
  const writer = (async () => {
    for (; writing; written++) {
      const params = [{ key: 'n', value: String(written) }];
      await client.mutate(CREATE_RUN, { experimentId: run.experiment.id, name: `run ${written}`, params, tags: params });
    }
  })();
  const result = await work();
  writing = false;
  await writer;
  expect(written).toBeGreaterThan(3);
  return result;
}

async function oddPoints(home: string): Promise<unknown[]> {
  const database = new pg.Client({ connectionString: await homeDatabaseUrl(home) });
  await database.connect();
  const points = await database.query(
    'select p.step::text, p.ts::text, float8send(p.value) as bits from metric_point p join run r on r.num = p.run where r.id = $1 order by step',
    [runId],
  );
  const run = await database.query('select heartbeat_at::text, metrics_said_at::text from run where id = $1', [runId]);
  const many = await database.query(`select md5(string_agg(p::text, ',' order by step)) from metric_point p where run = -1`);
  await database.end();
  return [...points.rows, ...run.rows, ...many.rows];
}

it('brings everything back, bit by bit, and the platform goes on', async () => {
  const home = join(root, 'restored');
  const before = await oddPoints(join(root, 'home'));
  const { events } = await client.query<{ events: { sequence: string }[] }>('{ events(first: 1000) { sequence } }');
  await restore(configOf(home), join(root, 'backup'), quiet);
  expect((await readdir(home)).sort()).toEqual(['blobs', 'database-password', 'postgres']);

  // The restored tables, written out again, are the same bytes; only the sequences go on further on.
  const again = await backup(configOf(home), join(root, 'again'), quiet);
  const hashes = ({ manifest }: BackupResult) =>
    Object.fromEntries(manifest.tables.filter(({ name }) => name !== 'relay_state').map((table) => [table.name, table]));
  expect(hashes(again)).toEqual(hashes(made));
  expect(again.manifest.blobs).toEqual(made.manifest.blobs);
  for (const identity of made.manifest.identities)
    expect(BigInt(again.manifest.identities.find(({ table }) => table === identity.table)!.last)).toBeGreaterThanOrEqual(
      BigInt(identity.last),
    );

  const second = await startPlatformProcess(home);
  const api = new TailraceClient(second.url, platform.token);
  try {
    expect(second.token).toBe('');
    expect(await oddPoints(home)).toEqual(before);
    const { run } = await api.query<{ run: { tags: unknown } }>('query ($id: ID!) { run(id: $id) { tags { key value } } }', {
      id: runId,
    });
    expect(run.tags).toEqual([{ key: ODD, value: ODD }]);
    for (const sha256 of blobs) {
      const content = Buffer.from(await (await api.send(`/v1/blobs/${sha256}`, {})).arrayBuffer());
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
    await api.mutate('mutation ($input: CreateMemberInput!) { createMember(input: $input) { userErrors { code message } } }', {
      name: 'later',
      role: 'viewer',
    });
    const after = events.at(-1)!.sequence;
    await expect
      .poll(
        async () =>
          (
            await api.query<{ events: unknown[] }>('query ($after: String!) { events(after: $after, first: 10) { type } }', {
              after,
            })
          ).events.length,
      )
      .toBeGreaterThan(0);
  } finally {
    await second.stop();
  }
});

it('copies only new blobs into a folder that has a backup', async () => {
  await client.uploadText('one more');
  const later = await backup(configOf(join(root, 'home')), join(root, 'backup'), quiet);
  expect(later.copiedBytes).toBe('one more'.length);
  expect(later.manifest.blobs.count).toBe(made.manifest.blobs.count + 1);
});

const damage: [string, RegExp, (dir: string) => Promise<unknown>][] = [
  ['no manifest', /no manifest.json/, (dir) => rm(join(dir, 'manifest.json'))],
  ['a changed blob', /blob .* does not fit its name/, async (dir) => writeFile(await blobIn(dir), 'a,b\n1,2\n3,5\n')],
  ['a missing blob', /blob .* is missing/, async (dir) => rm(await blobIn(dir))],
  ['a changed table', /tables\/run_tag.copy has changed/, (dir) => appendFile(join(dir, 'tables', 'run_tag.copy'), 'x\ty\tz\n')],
  ['a newer schema', /newer version/, (dir) => edit(dir, (text) => text.replace('001_first.sql', '999_later.sql'))],
  [
    'a table too few',
    /are not those/,
    (dir) => edit(dir, (text) => JSON.stringify({ ...JSON.parse(text), tables: JSON.parse(text).tables.slice(1) })),
  ],
  ['a manifest that is cut', /is damaged/, (dir) => edit(dir, (text) => text.slice(0, 100))],
];

it.each(damage)('refuses a backup with %s and leaves nothing behind', async (_, message, spoil) => {
  const [dir, home] = [await mkdtemp(join(root, 'spoilt-')), join(root, 'refused')];
  await cp(join(root, 'backup'), dir, { recursive: true });
  await spoil(dir);
  await expect(restore(configOf(home), dir, quiet)).rejects.toThrow(message);
  await expect(stat(home)).rejects.toThrow('ENOENT');
});

it('refuses a home that is not empty', async () => {
  await expect(restore(configOf(join(root, 'home')), join(root, 'backup'), quiet)).rejects.toThrow('not empty');
  expect(await client.query('{ me { name } }')).toBeTruthy();
});

async function blobIn(dir: string): Promise<string> {
  const [workspace] = await readdir(join(dir, 'blobs'));
  return join(dir, 'blobs', workspace!, blobs[0]!);
}

async function edit(dir: string, change: (text: string) => string): Promise<void> {
  const file = join(dir, 'manifest.json');
  await writeFile(file, change(await readFile(file, 'utf8')));
}
