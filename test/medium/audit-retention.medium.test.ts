import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditView, type Ctx } from '#access';
import type { Config } from '#config';
import { retireAudit } from '../../apps/platform/src/audit/index.js';
import { changes, emptyWorkspace, linked, startAudited, verified } from './audit-kit.js';
import type { Stack } from './stack.js';

let stack: Stack;
let config: Config;
beforeAll(async () => {
  stack = await startAudited();
  const { user, password, host, port, database } = stack.owner as unknown as Record<string, string>;
  const migrationUrl = `postgres://${user}:${encodeURIComponent(password!)}@${host}:${port}/${database}`;
  const home = mkdtempSync(join(tmpdir(), 'tailrace-audit-'));
  config = { ...stack.config, auditKeyFile: join(home, 'audit-key.pem'), database: { migrationUrl } };
});
afterAll(() => stack.close());

const quiet = () => undefined;
const retire = (before: Date) => retireAudit(config, before, quiet);
const monthsAgo = (count: number) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1));
};

/** Rows as they would have been written at a time: what writes them says when, since nothing may change it afterwards. */
async function written(by: Ctx, at: Date, count: number): Promise<void> {
  const day = at.toISOString();
  await stack.owner.query(`alter table audit_log alter at set default '${day}'::timestamptz + (random() * interval '1 hour')`);
  await stack.owner.query(`alter table event_log alter time set default '${day}'::timestamptz + interval '1 hour'`);
  await changes(stack, by, count);
  await stack.owner.query('alter table audit_log alter at set default clock_timestamp()');
  await stack.owner.query('alter table event_log alter time set default clock_timestamp()');
  await linked(stack, by);
}

describe("the application's role", () => {
  test.each(['audit_log', 'audit_chain', 'audit_checkpoint', 'audit_log_default', 'audit_chain_default'])(
    'may not change, delete, truncate or drop %s',
    async (table) => {
      const app = new pg.Client({ connectionString: stack.databaseUrl });
      await app.connect();
      for (const sql of [
        `update ${table} set workspace_id = 'x'`,
        `delete from ${table}`,
        `truncate ${table}`,
        `drop table ${table}`,
        `alter table ${table} add column x int`,
        `insert into audit_checkpoint (id, workspace_id, body, signature) values ('a', 'b', '{}', '')`,
      ])
        await expect(app.query(sql), sql).rejects.toThrow(/permission denied|must be owner/);
      await app.end();
    },
  );
});

describe('partitions by month', () => {
  test('a row that has no month goes into the default partition, and into its own once that is made', async () => {
    const own = await emptyWorkspace(stack);
    await written(own, new Date(Date.UTC(2019, 4, 15)), 2);
    const where = () =>
      stack.rows<{ part: string; n: number }>(
        'select tableoid::regclass::text as part, count(*)::int as n from audit_log where workspace_id = $1 group by 1',
        [own.workspaceId],
      );
    expect(await where()).toEqual([{ part: 'audit_log_default', n: 2 }]);
    expect(await stack.app.get(AuditView).preparePartitions()).toBe(2);
    expect(await where()).toEqual([{ part: 'audit_log_2019_05', n: 2 }]);
    expect(await stack.app.get(AuditView).preparePartitions()).toBe(0);
    expect(await verified(stack, own)).toMatchObject({ ok: true, links: 2 });
  });
});

describe('retention', () => {
  test('drops whole months after a signed checkpoint, and the chain goes on from it', async () => {
    const own = await emptyWorkspace(stack);
    await written(own, monthsAgo(4), 5);
    const early = await stack.app.get(AuditView).head(own);
    await written(own, monthsAgo(3), 4);
    await written(own, monthsAgo(1), 3);
    const late = await stack.app.get(AuditView).head(own);
    const { partitions, checkpoints } = await retire(new Date(monthsAgo(2).getTime() + 86_400_000));
    expect(partitions.length).toBeGreaterThan(3);
    const mine = checkpoints.find(({ workspaceId }) => workspaceId === own.workspaceId)!;
    expect(mine).toMatchObject({ position: 9, rows: 9, kept: 0, before: monthsAgo(2).toISOString() });
    expect(statSync(config.auditKeyFile).mode & 0o777).toBe(0o600);
    await linked(stack, own);
    expect(await verified(stack, own, { head: late, publicKey: mine.publicKey })).toMatchObject({
      ok: true,
      links: 4,
      position: 13,
      checkpoint: { position: 9 },
    });
    // The retention itself stands in the audit, with its event.
    const said = await stack.rows(
      `select a.action, e.type from audit_log a join event_log e on e.id = a.event_id where a.subject_id = $1`,
      [mine.id],
    );
    expect(said).toEqual([{ action: 'audit.retired', type: 'io.tailrace.audit.retired.v1' }]);
    expect(await verified(stack, own, { head: early })).toMatchObject({ ok: false, break: { position: 5 } });
    await changes(stack, own, 2);
    await linked(stack, own);
    expect(await verified(stack, own)).toMatchObject({ ok: true, position: 15 });
  });

  test('a chain that lost all its links goes on after the checkpoint', async () => {
    const own = await emptyWorkspace(stack);
    await written(own, monthsAgo(5), 3);
    await retire(monthsAgo(4));
    await linked(stack, own);
    await changes(stack, own, 1);
    await linked(stack, own);
    expect(await verified(stack, own)).toMatchObject({ ok: true, links: 2, position: 5 });
  });

  test('a checkpoint that was written by another is found, by its signature and by its key', async () => {
    const own = await emptyWorkspace(stack);
    await written(own, monthsAgo(5), 3);
    await retire(monthsAgo(4));
    await linked(stack, own);
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await verified(stack, own, { publicKey: other })).toMatchObject({
      ok: false,
      break: { problem: expect.stringContaining('another key') as unknown },
    });
    await stack.owner.query(`update audit_checkpoint set body = replace(body, '"rows":3', '"rows":2') where workspace_id = $1`, [
      own.workspaceId,
    ]);
    expect(await verified(stack, own)).toMatchObject({
      ok: false,
      break: { problem: expect.stringContaining('signature') as unknown },
    });
    await stack.owner.query(`update audit_checkpoint set body = replace(body, '"rows":2', '"rows":3') where workspace_id = $1`, [
      own.workspaceId,
    ]);
    expect(await verified(stack, own)).toMatchObject({ ok: true });
  });

  test('refuses, and drops nothing, while a row is not linked', async () => {
    const own = await emptyWorkspace(stack);
    await written(own, monthsAgo(5), 3);
    const link = `from audit_chain where workspace_id = '${own.workspaceId}' and position = 3`;
    await stack.owner.query(`create table lost_link as select * ${link}; delete ${link}`);
    await expect(retire(monthsAgo(4))).rejects.toThrow(/1 entries .* are not linked/);
    const rows = 'select 1 from audit_log where workspace_id = $1';
    expect(await stack.rows(rows, [own.workspaceId])).toHaveLength(3);
    expect(await stack.rows('select 1 from audit_checkpoint where workspace_id = $1', [own.workspaceId])).toEqual([]);
    await stack.owner.query('insert into audit_chain select * from lost_link');
    await retire(monthsAgo(4));
    await linked(stack, own);
    expect(await stack.rows(rows, [own.workspaceId])).toHaveLength(1);
  });

  test('links that stay although a later one goes are counted, and held', async () => {
    const own = await emptyWorkspace(stack);
    const edge = monthsAgo(4);
    await written(own, new Date(edge.getTime() - 3 * 3_600_000), 2);
    await written(own, edge, 1);
    await written(own, new Date(edge.getTime() - 3 * 3_600_000), 1);
    await written(own, edge, 1);
    const { checkpoints } = await retire(edge);
    expect(checkpoints.find(({ workspaceId }) => workspaceId === own.workspaceId)).toMatchObject({
      position: 4,
      rows: 3,
      kept: 1,
    });
    await linked(stack, own);
    expect(await verified(stack, own)).toMatchObject({ ok: true, links: 3, position: 6 });
    await stack.owner.query(
      `update audit_log set actor = 'x' where id = (select audit_id from audit_chain where workspace_id = $1 and position = 3)`,
      [own.workspaceId],
    );
    expect(await verified(stack, own)).toMatchObject({ ok: false, break: { position: 3 } });
  });

  test('nothing to retire is no checkpoint', async () => {
    expect(await retire(new Date(Date.UTC(2000, 0, 1)))).toEqual({
      before: '2000-01-01T00:00:00.000Z',
      partitions: [],
      checkpoints: [],
    });
  });
});
