import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '#database';
import { migrateBull } from '#messaging';

const NAME = 'audit_upgrade';
const { superuserUrl, appRole, appPassword } = inject('postgres');
const ownerUrl = new URL(superuserUrl);
ownerUrl.pathname = `/${NAME}`;

let admin: pg.Client;
let owner: pg.Client;
let dir: string;
beforeAll(async () => {
  admin = new pg.Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query(`create database ${NAME}`);
  owner = new pg.Client({ connectionString: ownerUrl.toString() });
  await owner.connect();
  dir = mkdtempSync(join(tmpdir(), 'tailrace-migrations-'));
});
afterAll(async () => {
  await owner.end();
  await admin.query(`drop database ${NAME} with (force)`);
  await admin.end();
  rmSync(dir, { recursive: true, force: true });
});

const migrateTo = (last: string) => {
  for (const name of readdirSync('migrations').filter((file) => file <= last && !readdirSync(dir).includes(file)))
    symlinkSync(resolve('migrations', name), join(dir, name));
  return migrate({ ownerUrl: ownerUrl.toString(), appRole, appPassword, dir, also: migrateBull });
};

test('the rows of before keep all that they say, each in its month, and the old way to write them goes on', async () => {
  await migrateTo('009_zzz');
  const insert = `insert into audit_log (id, workspace_id, at, actor, action, subject_kind, subject_id, outcome, before, after, correlation_id)
    values ($1, 'w', $2, 'a', 'dataset.created', 'dataset', 'd', 'done', null, '{"b": 1.50, "a": [1]}', 'c')`;
  const times = ['2024-02-29T23:59:59.999999Z', '2024-03-01T00:00:00Z', new Date().toISOString()];
  for (const [i, at] of times.entries()) await owner.query(insert, [`aud_${i}`, at]);
  const all = `select id, workspace_id, at::text, actor, action, subject_kind, subject_id, outcome, before::text, after::text, correlation_id from audit_log order by id`;
  const before = (await owner.query(all)).rows;
  expect(before).toHaveLength(3);
  await migrateTo('010_zzz');
  expect((await owner.query(all)).rows).toEqual(before);
  const { rows } = await owner.query<{ part: string }>('select tableoid::regclass::text as part from audit_log order by id');
  expect(rows.map(({ part }) => part)).toEqual([
    'audit_log_2024_02',
    'audit_log_2024_03',
    `audit_log_${times[2]!.slice(0, 7).replace('-', '_')}`,
  ]);
  await owner.query(insert, ['aud_9', new Date()]);
  const late = await owner.query<{ count: number; event_id: string | null }>(
    `select count, event_id from audit_log where id = 'aud_9'`,
  );
  expect(late.rows).toEqual([{ count: 1, event_id: null }]);
});
