import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { homeDatabaseUrl } from '../../platform/src/backup/home-database.js';
import { Bench } from './testing.js';

let bench: Bench;
let owner: pg.Client;
beforeAll(async () => {
  bench = await Bench.start();
  owner = new pg.Client({ connectionString: await homeDatabaseUrl(join(bench.root, 'home')) });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await bench?.stop();
});

async function someDatasets(count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await bench.client.mutate(
      'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { userErrors { code message } } }',
      {
        name: `audited-${Math.random().toString(36).slice(2)}`,
      },
    );
}

/** Verifies once all that was written is linked. */
async function verified(line = 'audit verify') {
  await vi.waitFor(
    async () => {
      const { rows } = await owner.query(
        'select 1 from audit_log a where not exists (select 1 from audit_chain c where c.audit_id = a.id)',
      );
      expect(rows).toEqual([]);
    },
    { timeout: 10_000, interval: 50 },
  );
  return bench.cli(line);
}

it('lists who did what, newest first, and by a filter', async () => {
  await someDatasets(3);
  const entries = await bench.json<{ action: string; event: { id: string } | null }[]>('audit list --action dataset. --first 2');
  expect(entries.map(({ action }) => action)).toEqual(['dataset.created', 'dataset.created']);
  const { out, err } = await bench.cli('audit list --action dataset.created --first 2');
  expect(out).toMatch(
    /^AT +ACTOR +ACTION +SUBJECT +OUTCOME +COUNT +ADDRESS +REASON\n\S+ \S+ +admin +dataset\.created +dataset\/dst_/,
  );
  expect(err).toContain('these are the newest 2');
  expect(await bench.cli('audit list --outcome maybe')).toMatchObject({ code: 2 });
});

it('exports to a file and to stdout', async () => {
  const file = join(bench.root, 'audit.csv');
  expect(await bench.cli(`audit export --format csv --output ${file} --action dataset.created`)).toMatchObject({ code: 0 });
  expect((await readFile(file, 'utf8')).split('\r\n')[0]).toMatch(/^id,at,actor/);
  const { out } = await bench.cli('audit export --action dataset.created');
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { action: string }).action),
  ).toContain('dataset.created');
});

it('verifies the chain here, and against a head that was kept', async () => {
  const head = join(bench.root, 'head.json');
  await writeFile(head, (await bench.cli('audit head')).out);
  const kept = JSON.parse(await readFile(head, 'utf8')) as { position: number; hash: string };
  expect(kept).toMatchObject({
    position: expect.any(Number) as unknown,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
  });
  await someDatasets(2);
  expect(await verified(`audit verify --head ${head}`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^OK {2}\d+ links hold/) as unknown,
  });
  await writeFile(head, JSON.stringify({ ...kept, hash: '0'.repeat(64) }));
  expect(await verified(`audit verify --head ${head}`)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`the chain breaks at position ${kept.position}`) as unknown,
  });
  await writeFile(head, 'nothing');
  expect(await bench.cli(`audit verify --head ${head}`)).toMatchObject({ code: 2 });
});

it('says where a chain breaks, by exit code 1', async () => {
  const row = '(select audit_id from audit_chain where position = 4)';
  await owner.query(`update audit_log set reason = 'another' where id = ${row}`);
  expect(await verified()).toMatchObject({
    code: 1,
    err: expect.stringMatching(/breaks at position 4: the row aud_\w+ is not what it was/) as unknown,
  });
  await owner.query(`update audit_log set reason = null where id = ${row}`);
  expect(await verified()).toMatchObject({ code: 0 });
});

it('retires whole months after a checkpoint, which verify begins at', async () => {
  await owner.query("alter table audit_log alter at set default clock_timestamp() - interval '100 days'");
  await owner.query("alter table event_log alter time set default clock_timestamp() - interval '100 days'");
  await someDatasets(4);
  await owner.query('alter table audit_log alter at set default clock_timestamp()');
  await owner.query('alter table event_log alter time set default clock_timestamp()');
  await verified();
  const before = new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10);
  const retired = await bench.json<{ partitions: string[]; checkpoints: { rows: number; publicKey: string }[] }>(
    `audit retire --before ${before}`,
  );
  expect(retired.partitions.some((name) => name.startsWith('audit_log_'))).toBe(true);
  expect(retired.checkpoints).toMatchObject([{ rows: 4 }]);
  expect((await stat(join(bench.root, 'home', 'audit-key.pem'))).mode & 0o777).toBe(0o600);
  const key = join(bench.root, 'key.pem');
  await writeFile(key, retired.checkpoints[0]!.publicKey);
  expect(await verified(`audit verify --key ${key}`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^OK {2}from the checkpoint at \d+/) as unknown,
  });
  expect(await bench.cli('audit retire --before someday')).toMatchObject({ code: 2 });
  expect(await bench.cli('audit retire --before 2999-01-01')).toMatchObject({ code: 2 });
});
