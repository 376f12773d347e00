import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrateAll } from '#host';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('the schema', () => {
  test('entities = migrations: TypeORM would change nothing (foreign keys are made in migrations only)', async () => {
    const log = await stack.app.get(DataSource).driver.createSchemaBuilder().log();
    const changes = log.upQueries.map(({ query }) => query).filter((query) => !/DROP CONSTRAINT "fk_/.test(query));
    expect(changes).toEqual([]);
  });

  test.each(['event_log', 'audit_log'])('the application cannot change or delete rows of %s', async (table) => {
    const app = new pg.Client({ connectionString: stack.databaseUrl });
    await app.connect();
    await expect(app.query(`delete from ${table}`)).rejects.toThrow(/permission denied/);
    await expect(app.query(`update ${table} set workspace_id = 'x'`)).rejects.toThrow(/permission denied/);
    await expect(app.query(`truncate ${table}`)).rejects.toThrow(/permission denied/);
    await app.end();
  });

  test('the application owns no table', async () => {
    expect(
      await stack.rows("select tablename from pg_tables where schemaname = 'public' and tableowner = 'tailrace_app'"),
    ).toEqual([]);
  });

  test('migrations run once, also when two processes start together', async () => {
    const { superuserUrl, appRole, appPassword } = inject('postgres');
    const admin = new pg.Client({ connectionString: superuserUrl });
    await admin.connect();
    await admin.query('create database twice');
    const url = new URL(superuserUrl);
    url.pathname = '/twice';
    const applied = await Promise.all([
      migrateAll(url.toString(), appRole, appPassword),
      migrateAll(url.toString(), appRole, appPassword),
    ]);
    expect(applied.map((names) => names.length).sort()).toEqual([0, expect.any(Number)]);
    expect(Math.max(...applied.map((names) => names.length))).toBeGreaterThan(0);
    await admin.query('drop database twice with (force)');
    await admin.end();
  });
});
