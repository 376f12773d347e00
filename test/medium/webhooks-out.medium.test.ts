import { describe, expect, test } from 'vitest';
import type { NewWebhook } from '#automation';
import { until } from '#testing';
import { name } from './builders.js';
import { answers, toEvent, verify } from './webhooks-listener.js';
import { WebhooksOut } from './webhooks-out-kit.js';

const out = WebhooksOut.forTests();

describe('an event', () => {
  test('arrives as a CloudEvent that its SDK takes, signed so that the library of Standard Webhooks takes it', async () => {
    const { id, secret } = await out.hook();
    const model = await out.registry.openModel();
    await until('it arrived', async () => out.listener.calls[0]);
    const [call] = out.listener.calls;
    expect(call!.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const event = toEvent(call!);
    expect(event.validate()).toBe(true);
    const [logged] = await out.stack.rows<{ id: string; subject: string; sequence: string; hops: number }>(
      `select id, subject, sequence, hops from event_log where data ->> 'name' = $1`,
      [model],
    );
    expect(event.toJSON()).toMatchObject({
      specversion: '1.0',
      id: logged!.id,
      source: `/workspaces/${out.stack.workspaceId}`,
      type: 'io.tailrace.model.created.v1',
      subject: logged!.subject,
      datacontenttype: 'application/json',
      dataschema: 'https://tailrace.example/schemas/model.created/1.json',
      sequence: logged!.sequence.padStart(20, '0'),
      partitionkey: logged!.subject,
      correlationid: out.ada.correlationId,
      hops: 0,
      authid: out.ada.authId,
      data: { name: model },
    });
    expect(JSON.parse(call!.body)).toMatchObject({ time: event.time, timestamp: event.time });
    expect(call!.headers['webhook-id']).toBe(logged!.id);
    expect(verify(call!, secret)).toMatchObject({ id: logged!.id });
    await until('it is written down', async () => (await out.rowsOf(id))[0]?.state === 'DELIVERED');
    expect(await out.attemptsOf(id)).toEqual([{ number: 1, status: 200, ms: expect.any(Number), body: 'thanks', error: null }]);
  });

  test('is refused by that library in other bytes, too late, and with another secret', async () => {
    const { secret } = await out.hook();
    await out.registry.openModel();
    const call = await until('it arrived', async () => out.listener.calls[0]);
    const again = JSON.stringify(JSON.parse(call.body), null, 1);
    expect(() => verify({ ...call, body: again }, secret)).toThrow('No matching signature');
    expect(() => verify(call, `whsec_${Buffer.alloc(32, 7).toString('base64')}`)).toThrow('No matching signature');
    const old = { ...call.headers, 'webhook-timestamp': String(Number(call.headers['webhook-timestamp']) - 301) };
    expect(() => verify({ ...call, headers: old }, secret)).toThrow('too old');
  });

  test('is signed by both secrets while the one before is good, and by the new one alone afterwards', async () => {
    const { id, secret } = await out.hook();
    const second = (await out.kit.service.rotateSecret(out.ada, id, 1)).secret!;
    await out.registry.openModel();
    const both = await until('it arrived', async () => out.listener.calls[0]);
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const each of [secret, second]) expect(verify(both, each)).toMatchObject({ specversion: '1.0' });
    const third = (await out.kit.service.rotateSecret(out.ada, id, 0)).secret!;
    await out.registry.openModel();
    const one = await until('the next arrived', async () => out.listener.calls[1]);
    expect(String(one.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect(verify(one, third)).toMatchObject({ specversion: '1.0' });
    expect(() => verify(one, second)).toThrow('No matching signature');
    expect(JSON.stringify(await out.stack.rows('select after from audit_log where subject_id = $1', [id]))).not.toMatch(/whsec_/);
  });

  test('is heard by its name, by its noun and by all; of one subject, and of one project', async () => {
    const by = async (more: Partial<NewWebhook>) => {
      const other = await out.another();
      await out.hook({ ...more, url: other.url });
      return other;
    };
    const first = await out.registry.openModel();
    const [subject] = await out.stack.rows<{ subject: string }>(`select subject from event_log where data ->> 'name' = $1`, [
      first,
    ]);
    const [noun, all, tags, one, elsewhere] = await Promise.all([
      by({ events: ['model.*'] }),
      by({ events: ['*'] }),
      by({ events: ['model.tag_set'] }),
      by({ events: ['model.*'], subject: subject!.subject }),
      by({ events: ['*'], project: '/elsewhere' }),
    ]);
    const model = await out.registry.openModel();
    await until('noun and all have it', async () => noun.calls[0] && all.events().some(({ data }) => data?.['name'] === model));
    expect(noun.events().map(({ data }) => data?.['name'])).toEqual([model]);
    expect([tags.calls, one.calls, elsewhere.calls]).toEqual([[], [], []]);
  });
});

describe('what is asked for', () => {
  test.each([
    [{ events: [] }, 'types'],
    [{ events: ['model.exploded'] }, 'types'],
    [{ events: ['nothing.*'] }, 'types'],
    [{ subject: 'no subject' }, 'subject'],
    [{ orderWindowSeconds: 86_401 }, 'orderWindowSeconds'],
    [{ secret: 'my own' }, 'secret'],
    [{ form: 'mlflow', events: ['prompt.created'], subject: 'model/x' }, 'form'],
  ] as const)('%o is refused, and says where', async (more, field) => {
    await expect(out.hook(more as Partial<NewWebhook>)).rejects.toMatchObject({ code: 'BAD_INPUT', field });
    expect(await out.stack.rows('select 1 from webhook')).toEqual([]);
  });

  test('who may not read all events gets no webhook that tells them', async () => {
    const viewer = await out.stack.member('viewer');
    const input = { name: name('hook'), url: out.listener.url, form: 'cloudevents', events: ['*'] } as const;
    await expect(out.kit.service.create(viewer, input, out.kit.rules)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a receiver in trouble', () => {
  test.each([
    [429, '90', 80, 100],
    [503, new Date(Date.now() + 600_000).toUTCString(), 400, 620],
    [429, '999999999', 21_000, 21_601],
    [500, '90', 0, 2],
  ])('%i with retry-after %s waits between %i and %i seconds', async (status, asked, least, most) => {
    out.listener.answer = answers(status, { 'retry-after': asked });
    const { id } = await out.hook();
    await out.registry.openModel();
    const [row] = await out.tried(id, 1);
    expect(row!.wait).toBeGreaterThan(least - 1);
    expect(row!.wait).toBeLessThan(most);
  });
});
