import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from '#database';
import { migrateAll } from '#host';

test('triggers of before are upgraded: they wait for the type that they named, and their executions stay', async () => {
  const { superuserUrl, appRole, appPassword } = inject('postgres');
  const name = `u_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const admin = new pg.Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = new URL(superuserUrl);
  url.pathname = `/${name}`;
  const dir = mkdtempSync(join(tmpdir(), 'tailrace-migrations-'));
  for (const file of readdirSync('migrations').filter((each) => each < '009'))
    copyFileSync(join('migrations', file), join(dir, file));
  await migrate({ ownerUrl: url.toString(), appRole, appPassword, dir });
  rmSync(dir, { recursive: true });
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  await client.query(`insert into workspace (id, name) values ('w', 'w');
    insert into trigger (id, workspace_id, project, name, filter, action, owner_id)
      values ('t', 'w', '/', 'retrain', '{"event": "dataset_version.validated", "equals": {}}', '{"kind": "start_training", "templateId": "x"}', 'm');
    insert into trigger_execution (id, workspace_id, trigger_id, event_id, state) values ('x', 'w', 't', 'e', 'COMPLETED')`);
  expect(await migrateAll(url.toString(), appRole, appPassword)).toContain('011_triggers.sql');
  const { rows } =
    await client.query(`select t.event_type, t.concurrency, t.cooldown_seconds, t.max_hops, t.enabled, x.state, x.cause
    from trigger t join trigger_execution x on x.trigger_id = t.id`);
  expect(rows).toEqual([
    {
      event_type: 'io.tailrace.dataset_version.validated.v1',
      concurrency: 'queue',
      cooldown_seconds: 0,
      max_hops: 8,
      enabled: true,
      state: 'COMPLETED',
      cause: null,
    },
  ]);
  await client.end();
  await admin.query(`drop database ${name} with (force)`);
  await admin.end();
});
