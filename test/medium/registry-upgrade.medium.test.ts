import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from '#database';
import { migrateAll } from '#host';

const RUN = `run_${'a'.repeat(32)}`;

/** A database of a version before the registry knew sources, with one candidate in it. */
async function oldDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const { superuserUrl, appRole, appPassword } = inject('postgres');
  const name = `u_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const admin = new pg.Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = new URL(superuserUrl);
  url.pathname = `/${name}`;
  const dir = mkdtempSync(join(tmpdir(), 'tailrace-migrations-'));
  for (const file of ['001_first.sql', '002_tracking.sql']) copyFileSync(join('migrations', file), join(dir, file));
  await migrate({ ownerUrl: url.toString(), appRole, appPassword, dir });
  rmSync(dir, { recursive: true });
  const drop = () => admin.query(`drop database ${name} with (force)`).then(() => admin.end());
  return { url: url.toString(), drop };
}

test('a registry of before is upgraded: its versions are candidates of their runs, and say where their files are', async () => {
  const { url, drop } = await oldDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    insert into workspace (id, name) values ('w', 'w');
    insert into experiment (id, workspace_id, project, name, number, created_by) values ('e', 'w', '/', 'e', 7, 'ada');
    insert into run (id, workspace_id, experiment_id, experiment, name, status, created_by)
      select '${RUN}', 'w', 'e', num, 'r', 'FINISHED', 'ada' from experiment where id = 'e';
    insert into model (id, workspace_id, project, name, flow, last_number, created_by)
      values ('m', 'w', '/', 'penguins', '{"stages": []}', 1, 'ada');
    insert into model_version (id, workspace_id, model_id, number, run_id, files, signature, created_by, created_at)
      values ('v', 'w', 'm', 1, '${RUN}', '{}', '{}', 'ada', '2026-01-02T03:04:05Z');`);
  const { appRole, appPassword } = inject('postgres');
  expect(await migrateAll(url, appRole, appPassword)).toContain('003_registry.sql');
  const { rows } = await client.query(
    `select v.run_id, v.candidate_run, v.source, v.storage_location, v.status, v.description, v.deleted_at, v.updated_at = v.created_at as untouched,
       m.updated_at = v.created_at as "modelToo" from model_version v join model m on m.id = v.model_id`,
  );
  expect(rows).toEqual([
    {
      run_id: RUN,
      candidate_run: RUN,
      source: `runs:/${RUN.slice(4)}/model`,
      storage_location: `mlflow-artifacts:/7/${RUN.slice(4)}/artifacts/model`,
      status: 'READY',
      description: '',
      deleted_at: null,
      untouched: true,
      modelToo: true,
    },
  ]);
  await client.end();
  await drop();
});
