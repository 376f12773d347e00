import { describe, expect, test } from 'vitest';
import { ReplaysService } from '#automation';
import { until } from '#testing';
import { answers } from './webhooks-listener.js';
import { WebhooksOut } from './webhooks-out-kit.js';

const out = WebhooksOut.forTests();
const sequences = () => out.listener.events().map(({ sequence }) => String(sequence));

/** Changes of one model, which are one subject. */
async function changes(count: number): Promise<void> {
  const model = await out.registry.openModel();
  for (let i = 0; i < count; i++) await out.registry.changes.update(out.ada, { name: model }, { tags: { [`key${i}`]: 'value' } });
}

describe('order', () => {
  test('later events of a subject wait behind one that is tried again, and come after it; those of another do not wait', async () => {
    out.listener.answer = answers(503, { 'retry-after': '3600' });
    const { id } = await out.hook({ events: ['model.*'] });
    await changes(3);
    await out.kit.matched();
    await out.tried(id, 1);
    expect((await out.rowsOf(id)).map(({ held, attempts }) => [held, attempts])).toEqual([
      [false, 1],
      [true, 0],
      [true, 0],
      [true, 0],
    ]);
    out.listener.answer = answers(200);
    await out.registry.openModel();
    await until('the other subject has arrived', async () => (await out.rowsOf(id))[4]?.state === 'DELIVERED');
    expect(out.listener.calls).toHaveLength(2);
    await out.waitsPass(id);
    await until('all have arrived', async () => (await out.rowsOf(id)).every(({ state }) => state === 'DELIVERED'));
    const came = sequences().slice(2);
    expect(came).toHaveLength(4);
    expect(came).toEqual(came.toSorted());
  });

  test('when the window is over they pass it', async () => {
    const away = answers(503, { 'retry-after': '3600' });
    out.listener.answer = (response, nth) => (nth === 1 ? away : answers(200))(response, nth);
    const { id } = await out.hook({ events: ['model.*'], orderWindowSeconds: 3600 });
    await changes(1);
    await out.kit.matched();
    await out.tried(id, 1);
    await out.stack.rows('update webhook_delivery set next_at = now() where webhook_id = $1 and held', [id]);
    await until('the later one has arrived', async () => (await out.rowsOf(id))[1]?.state === 'DELIVERED');
    expect((await out.rowsOf(id)).map(({ state }) => state)).toEqual(['PENDING', 'DELIVERED']);
    const [first, later] = sequences();
    expect(later! > first!).toBe(true);
  });

  test('a webhook without a window waits for nothing', async () => {
    out.listener.answer = answers(500);
    const { id } = await out.hook({ events: ['model.*'], orderWindowSeconds: 0 });
    await changes(2);
    await out.kit.matched();
    await until('all are tried', async () => (await out.rowsOf(id)).every(({ attempts }) => attempts === 1));
    expect((await out.rowsOf(id)).some(({ held }) => held)).toBe(false);
  });
});

describe('replays', () => {
  test('what is replayed comes under the id that it had, by id and by filter, with its progress', async () => {
    const { id } = await out.hook();
    await out.registry.openModel();
    // Two of different subjects may pass each other on their way.
    await until('the first arrived', async () => out.listener.calls.length === 1);
    await out.registry.openModel();
    await until('both arrived', async () => (await out.rowsOf(id)).filter(({ state }) => state === 'DELIVERED').length === 2);
    const replays = out.stack.app.get(ReplaysService);
    const rows = await out.rowsOf(id);
    await replays.replay(out.ada, { webhookId: id, ids: [rows[0]!.id] });
    await until('it came again', async () => out.listener.calls.length === 3);
    expect(out.listener.events()[2]!.id).toBe(out.listener.events()[0]!.id);
    expect(out.listener.calls[2]!.body).toBe(out.listener.calls[0]!.body);
    await until('it is written down', async () => (await out.rowsOf(id)).every(({ state }) => state === 'DELIVERED'));
    expect((await out.attemptsOf(id)).map(({ number }) => number)).toEqual([1, 2, 1]);
    await replays.replay(out.ada, { webhookId: id, states: ['DELIVERED'], types: ['model.created'] });
    await until('both came again', async () => out.listener.calls.length === 5);
    for (const [range, field] of [
      [{ fromSequence: '5', toSequence: '1' }, 'toSequence'],
      [{ since: new Date(5), until: new Date(1) }, 'until'],
    ] as const)
      await expect(replays.replay(out.ada, { webhookId: id, ...range })).rejects.toMatchObject({ code: 'BAD_INPUT', field });
    const nothing = replays.replay(out.ada, { webhookId: id });
    await expect(nothing).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await out.kit.saidOf(id)).filter(({ type }) => type === 'webhook.replayed')).toHaveLength(2);
  });
});
