import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditView, Journal, type Ctx } from '#access';
import { linkHash } from '#contracts';
import { UnitOfWork } from '#database';
import { newId } from '#kernel';
import { changes, emptyWorkspace, linked, startAudited, systemOf, verified } from './audit-kit.js';
import type { Stack } from './stack.js';

let stack: Stack;
let ctx: Ctx;
beforeAll(async () => {
  stack = await startAudited();
  ctx = systemOf(stack);
});
afterAll(() => stack.close());

/** Runs as the owner of the tables, and undoes it after looking. */
async function tampered(sql: string, params: unknown[] = []) {
  await stack.owner.query('create table kept_log as table audit_log; create table kept_chain as table audit_chain');
  await stack.owner.query(sql, params);
  const verdict = await verified(stack, ctx);
  await stack.owner.query(`delete from audit_log; insert into audit_log select * from kept_log; delete from audit_chain;
    insert into audit_chain select * from kept_chain; drop table kept_log; drop table kept_chain`);
  return verdict;
}
const rowAt = async (position: number) =>
  (
    await stack.rows<{ audit_id: string }>('select audit_id from audit_chain where workspace_id = $1 and position = $2', [
      ctx.workspaceId,
      position,
    ])
  )[0]!.audit_id;

describe('the chain of the audit', () => {
  test('every row is linked in the order of the log, without a gap, also of writers that come together', async () => {
    await Promise.all(Array.from({ length: 8 }, () => changes(stack, ctx, 5)));
    await linked(stack, ctx);
    const rows = await stack.rows<{ position: string; sequence: string }>(
      `select c.position, e.sequence from audit_chain c join audit_log a on a.id = c.audit_id join event_log e on e.id = a.event_id
        where c.workspace_id = $1 order by c.position`,
      [ctx.workspaceId],
    );
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.map(({ position }) => Number(position))).toEqual(rows.map((_, i) => i + 1));
    const sequences = rows.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(await verified(stack, ctx)).toMatchObject({ ok: true, links: rows.length, position: rows.length, waiting: 0 });
  });

  test('what jsonb makes of numbers, keys and texts is hashed as it is read again', async () => {
    const value = { z: 1.5, a: [1e21, 0.1, -0, 12345678901234567890n.toString()], ü: 'ä\u2028"', nested: { b: null, a: true } };
    await stack.app.get(UnitOfWork).run({}, (tx) =>
      stack.app.get(Journal).record(tx, ctx, {
        event: 'dataset.created',
        subject: { kind: 'dataset', id: newId('dataset') },
        data: { datasetId: 'd', name: 'n', project: '/' },
        before: value,
        after: [value],
      }),
    );
    await linked(stack, ctx);
    expect(await verified(stack, ctx)).toMatchObject({ ok: true });
  });

  test('a changed row is found, whatever of it was changed', async () => {
    const id = await rowAt(5);
    for (const change of [
      "actor = 'x'",
      "at = at + interval '1 microsecond'",
      "after = '{}'",
      'count = 2',
      "reason = 'x'",
      "outcome = 'refused'",
    ])
      expect({ change, ...(await tampered(`update audit_log set ${change} where id = $1`, [id])) }).toMatchObject({
        change,
        ok: false,
        break: { position: 5, problem: expect.stringContaining(id) as unknown },
      });
    expect(await verified(stack, ctx)).toMatchObject({ ok: true });
  });

  test('a deleted row, a deleted link, and links that changed places are found', async () => {
    const [third, id] = [await rowAt(3), await rowAt(7)];
    expect(await tampered('delete from audit_log where id = $1', [id])).toMatchObject({
      break: { position: 7, problem: `the row ${id} is gone` },
    });
    expect(await tampered('delete from audit_log where id = $1', [third])).toMatchObject({
      break: { position: 3 },
    });
    const gone = await tampered('delete from audit_chain where workspace_id = $1 and position = 7', [ctx.workspaceId]);
    expect(gone).toMatchObject({
      ok: false,
      break: { position: 7, problem: expect.stringContaining('the link is gone') as unknown },
    });
    const swap = `update audit_chain c set audit_id = o.audit_id, at = o.at from audit_chain o
      where c.workspace_id = $1 and o.workspace_id = $1 and c.position in (3, 7) and o.position = 10 - c.position`;
    expect(await tampered(swap, [ctx.workspaceId])).toMatchObject({ ok: false, break: { position: 3 } });
  });

  test('rows whose contents were swapped are found', async () => {
    const swap = `update audit_log a set actor = o.actor, action = o.action, subject_id = o.subject_id, after = o.after from audit_log o
      where a.id in ($1, $2) and o.id in ($1, $2) and a.id <> o.id`;
    expect(await tampered(swap, [await rowAt(6), await rowAt(9)])).toMatchObject({ ok: false, break: { position: 6 } });
  });

  test('a row that was put in afterwards is found: the log knows no event of it', async () => {
    const sql = `insert into audit_log (id, workspace_id, actor, action, subject_kind, subject_id, outcome, correlation_id, event_id)
      values ('aud_forged', $1, 'me', 'model_version.approved', 'x', 'y', 'done', 'c', 'evt_forged')`;
    expect(await tampered(sql, [ctx.workspaceId])).toMatchObject({
      ok: false,
      break: { problem: expect.stringContaining('aud_forged') as unknown },
    });
  });

  test('a chain that was written anew, or cut, does not hold the head that was kept', async () => {
    const head = await stack.app.get(AuditView).head(ctx);
    await changes(stack, ctx, 3);
    await linked(stack, ctx);
    expect(await verified(stack, ctx, { head })).toMatchObject({ ok: true });
    expect(await verified(stack, ctx, { head: { ...head, hash: linkHash(head.hash, {} as never) } })).toMatchObject({
      ok: false,
      break: { position: head.position },
    });
    expect(await verified(stack, ctx, { head: { ...head, position: head.position + 1000 } })).toMatchObject({
      ok: false,
      break: { problem: expect.stringContaining('before the head') as unknown },
    });
  });

  test('each workspace has its own chain', async () => {
    const other = await emptyWorkspace(stack);
    await changes(stack, other, 3);
    await linked(stack, other);
    expect(await verified(stack, other)).toMatchObject({ ok: true, links: 3, position: 3 });
  });

  test('rows of before the chain are linked first, in the order of their ids', async () => {
    const old = await emptyWorkspace(stack);
    const { workspaceId } = old;
    for (const n of [2, 1, 3])
      await stack.owner.query(
        `insert into audit_log (id, workspace_id, at, actor, action, subject_kind, subject_id, outcome, correlation_id)
         values ($1, $2, now() - interval '40 days', 'old', 'dataset.created', 'dataset', 'd', 'done', 'c')`,
        [`aud_old${n}${workspaceId}`, workspaceId],
      );
    await changes(stack, old, 2);
    await linked(stack, old);
    const links = await stack.rows<{ audit_id: string }>(
      'select audit_id from audit_chain where workspace_id = $1 order by position',
      [workspaceId],
    );
    expect(links.slice(0, 3).map(({ audit_id }) => audit_id)).toEqual([1, 2, 3].map((n) => `aud_old${n}${workspaceId}`));
    expect(await verified(stack, old)).toMatchObject({ ok: true, links: 5 });
  });
});
