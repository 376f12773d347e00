import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { IncomingService, signedHeaders } from '#automation';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';

/** Nobody is there: what is tested here is what fires. */
const NOBODY = { kind: 'call_webhook', url: 'http://127.0.0.1:9/hook' };

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
beforeAll(async () => {
  stack = await startStack([AutomationRole], { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
  ada = await stack.member('editor', 'ada');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());
afterEach(() => stack.rows('update trigger set deleted_at = now(), next_fire_at = null'));

describe('schedules', () => {
  const daily = { kind: 'schedule', cron: '0 3 * * *', timeZone: 'Europe/Berlin' };
  const nextOf = async (id: string) =>
    (await stack.rows<{ next_fire_at: Date | null }>('select next_fire_at from trigger where id = $1', [id]))[0]!.next_fire_at;

  test('the next time is by the wall clock of its zone; paused it has none, resumed it has one again', async () => {
    const { id } = await kit.make({ filter: daily, action: NOBODY });
    const hourInBerlin = (at: Date) =>
      new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
        at,
      );
    expect(hourInBerlin((await nextOf(id))!)).toBe('03:00');
    await kit.service.pause(ada, id);
    expect(await nextOf(id)).toBeNull();
    await kit.service.update(ada, id, { filter: { ...daily, cron: '30 4 * * *' } }, kit.rules);
    expect(await nextOf(id)).toBeNull();
    await kit.service.resume(ada, id);
    expect(hourInBerlin((await nextOf(id))!)).toBe('04:30');
  });
});

describe('incoming webhooks', () => {
  const receive = (
    id: string,
    secret: string,
    message: object,
    more: { messageId?: string; at?: number; bytes?: Buffer } = {},
  ) => {
    const body = more.bytes ?? Buffer.from(JSON.stringify(message));
    const headers = signedHeaders(
      more.messageId ?? `msg_${Math.random().toString(36).slice(2)}`,
      body,
      [secret],
      more.at ?? Date.now(),
    );
    const signed = {
      id: headers['webhook-id'],
      timestamp: headers['webhook-timestamp'],
      signature: headers['webhook-signature'],
    };
    return stack.app.get(IncomingService).receive(id, signed, body);
  };
  const incoming = (where?: object) => ({ kind: 'incoming', ...(where ? { where } : {}) });
  const refused = { code: 'UNAUTHENTICATED' };

  test('a signed message fires once, however often and wherever it comes', async () => {
    const { id, incomingSecret } = await kit.make({ filter: incoming(), action: NOBODY });
    const messageId = 'msg_the_same';
    const [first] = await Promise.all(
      Array.from({ length: 5 }, () => receive(id, incomingSecret!, { ref: 'main' }, { messageId })),
    );
    const again = await receive(id, incomingSecret!, { ref: 'main' }, { messageId });
    expect(again).toEqual({ matched: true, duplicate: true, executionId: first!.executionId });
    expect(await kit.executionsOf(id)).toMatchObject([
      { eventId: 'incoming/msg_the_same', cause: { name: 'incoming', data: { ref: 'main' } } },
    ]);
  });

  test('its condition tests the fields of the body', async () => {
    const where = {
      and: [
        { field: 'data.ref', op: 'eq', value: 'main' },
        { field: 'data.size.rows', op: 'gt', value: 10 },
      ],
    };
    const { id, incomingSecret } = await kit.make({ filter: incoming(where), action: NOBODY });
    expect(await receive(id, incomingSecret!, { ref: 'main', size: { rows: 10 } })).toEqual({ matched: false });
    expect(await receive(id, incomingSecret!, { ref: 'main', size: { rows: 11 } })).toMatchObject({
      matched: true,
      duplicate: false,
    });
    expect(await kit.executionsOf(id)).toHaveLength(1);
  });

  test('what is not signed, too old, too early, too long or no JSON object is refused, and nothing is written', async () => {
    const { id, incomingSecret: secret } = await kit.make({ filter: incoming(), action: NOBODY });
    const event = await kit.make({ filter: { event: 'dataset.created' }, action: NOBODY });
    const other = await kit.make({ filter: incoming(), action: NOBODY });
    await expect(receive(id, other.incomingSecret!, {})).rejects.toMatchObject(refused);
    await expect(receive(id, secret!, {}, { at: Date.now() - 301_000 })).rejects.toMatchObject(refused);
    await expect(receive(id, secret!, {}, { at: Date.now() + 302_000 })).rejects.toMatchObject(refused);
    await expect(receive(id, secret!, {}, { bytes: Buffer.from('[1]') })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(receive(id, secret!, {}, { bytes: Buffer.from('{') })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(receive(id, secret!, {}, { bytes: Buffer.alloc(65_537, 32) })).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' });
    for (const nobody of ['trg_none', event.id]) {
      const error = await receive(nobody, secret!, {}).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ ...refused, message: 'the signature is not right' });
    }
    // Not even by the secret that a missing trigger is checked with.
    await expect(receive('trg_none', 'whsec_AAAA', {})).rejects.toMatchObject(refused);
    expect(await kit.executionsOf(id)).toEqual([]);
  });

  test('a new secret takes its place; the old one is good for the time that was said', async () => {
    const { id, incomingSecret: old } = await kit.make({ filter: incoming(), action: NOBODY });
    const { incomingSecret: fresh } = await kit.service.rotateSecret(ada, id, 'incoming', 1);
    expect(await receive(id, old!, {})).toMatchObject({ matched: true });
    expect(await receive(id, fresh!, {})).toMatchObject({ matched: true });
    await stack.rows("update trigger_secret set previous_until = now() - interval '1 second' where trigger_id = $1", [id]);
    await expect(receive(id, old!, {})).rejects.toMatchObject(refused);
    await kit.service.rotateSecret(ada, id, 'incoming', 0);
    await expect(receive(id, fresh!, {})).rejects.toMatchObject(refused);
    await expect(kit.service.rotateSecret(ada, id, 'incoming', 169)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      field: 'graceHours',
    });
  });

  test('a paused trigger says so to those who may know, a deleted one is none', async () => {
    const { id, incomingSecret: secret } = await kit.make({ filter: incoming(), action: NOBODY });
    await kit.service.pause(ada, id);
    await expect(receive(id, secret!, {})).rejects.toMatchObject({ code: 'CONFLICT' });
    await kit.service.delete(ada, id);
    await expect(receive(id, secret!, {})).rejects.toMatchObject(refused);
  });

  test('the audit has what a trigger was and what it became, with name and project', async () => {
    const [old, young] = [name('before'), name('after')];
    const { id } = await kit.make({ name: old, filter: { kind: 'incoming' }, action: NOBODY });
    await kit.service.update(ada, id, { name: young, project: '/shop' }, kit.rules);
    const rows = await stack.rows('select before, after from audit_log where subject_id = $1 order by id', [id]);
    expect(rows).toMatchObject([
      { after: { name: old, project: '/' } },
      { before: { name: old, project: '/' }, after: { name: young, project: '/shop' } },
    ]);
  });

  test('no secret and no address is in what is read back, in the audit log or in the events', async () => {
    const url = 'http://127.0.0.1:9/services/T0/a-key-of-the-receiver';
    const made = await kit.make({ filter: incoming(), action: { kind: 'call_webhook', url } });
    await kit.service.update(ada, made.id, { cooldownSeconds: 1 }, kit.rules);
    await kit.service.rotateSecret(ada, made.id, 'signing');
    await receive(made.id, made.incomingSecret!, {});
    await kit.settled(made.id);
    const texts = await stack.rows<{ text: string }>(
      `select row_to_json(t)::text as text from trigger t where id = $1 union all select row_to_json(x)::text from trigger_execution x where trigger_id = $1
       union all select row_to_json(a)::text from audit_log a where subject_id = $1 union all select row_to_json(e)::text from event_log e where data ->> 'triggerId' = $1`,
      [made.id],
    );
    expect(texts.length).toBeGreaterThan(6);
    const leaks = texts.filter(({ text }) =>
      [made.incomingSecret!, made.signingSecret!, 'a-key-of-the-receiver'].some((secret) => text.includes(secret)),
    );
    expect(leaks).toEqual([]);
  });
});
