import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { loadConfig } from '#config';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { SECRET, webhooksKit, type WebhooksKit } from './webhooks-kit.js';

/** Nobody is there, and nothing is sent here. */
const RECEIVER = 'http://127.0.0.1:9/hook';

const PUBLIC_URL = 'https://tailrace.example';

let stack: Stack;
let ada: Ctx;
let kit: WebhooksKit;
beforeAll(async () => {
  stack = await startStack();
  ada = await stack.member('editor', 'ada');
  kit = webhooksKit(stack, ada);
});
afterAll(() => stack.close());
afterEach(() => stack.rows('delete from webhook'));

describe('the use cases', () => {
  test('what is made is read back without its secret, changed in parts, listed by pages and deleted with its deliveries', async () => {
    const id = await kit.hook(RECEIVER, ['prompt.created', 'prompt.created']);
    const row = (await kit.view.get(ada, id))!;
    expect(row).toMatchObject({ url: RECEIVER, events: ['prompt.created'], status: 'ACTIVE', description: '' });
    expect(row).not.toHaveProperty('secret');
    await kit.update(id, { description: 'new', events: ['prompt_tag.set'] });
    expect(await kit.view.get(ada, id)).toMatchObject({
      name: row.name,
      description: 'new',
      events: ['prompt_tag.set'],
      url: row.url,
    });
    expect((await kit.service.example(ada, id, PUBLIC_URL)).secrets).toEqual([SECRET]);
    const second = await kit.hook(RECEIVER);
    const page = await kit.view.list(ada, { limit: 1 });
    expect(page.webhooks.map((webhook) => webhook.id)).toEqual([second]);
    const rest = await kit.view.list(ada, { limit: 1, after: page.next });
    expect([rest.webhooks.map((webhook) => webhook.id), rest.next]).toEqual([[id], undefined]);
    await kit.service.delete(ada, id);
    expect(await kit.view.get(ada, id)).toBeUndefined();
    expect((await kit.saidOf(id)).map(({ type }) => type)).toEqual([
      'webhook.created',
      'webhook.updated',
      'webhook.tested',
      'webhook.deleted',
    ]);
    const audit = await stack.rows<{ text: string }>(
      'select row_to_json(a)::text as text from audit_log a where subject_id = $1',
      [id],
    );
    expect(audit).toHaveLength(4);
    expect(audit.some(({ text }) => text.includes(SECRET))).toBe(false);
  });

  test('a name is a label: several webhooks may have the same', async () => {
    const input = { name: name('hook'), url: RECEIVER, events: ['prompt.created'] };
    const ids = [await kit.service.create(ada, input, kit.rules), await kit.service.create(ada, input, kit.rules)];
    expect(new Set(ids.map(({ id }) => id)).size).toBe(2);
    const third = await kit.hook(RECEIVER);
    await kit.update(third, { name: input.name });
    expect((await kit.view.get(ada, third))?.name).toBe(input.name);
  });

  test('viewers read, editors write, and another workspace knows nothing of it', async () => {
    const id = await kit.hook(RECEIVER);
    const viewer = await stack.member('viewer');
    expect((await kit.view.get(viewer, id))?.id).toBe(id);
    const forbidden = { code: 'FORBIDDEN' };
    await expect(kit.service.delete(viewer, id)).rejects.toMatchObject(forbidden);
    await expect(kit.service.update(viewer, id, {}, kit.rules)).rejects.toMatchObject(forbidden);
    await expect(kit.service.example(viewer, id, PUBLIC_URL)).rejects.toMatchObject(forbidden);
    const stranger = { ...ada, workspaceId: 'wsp_other' };
    const missing = { code: 'NOT_FOUND' };
    expect(await kit.view.get(stranger, id)).toBeUndefined();
    expect((await kit.view.list(stranger, { limit: 10 })).webhooks).toEqual([]);
    await expect(kit.service.delete(stranger, id)).rejects.toMatchObject(missing);
    await expect(kit.service.update(stranger, id, { description: 'x' }, kit.rules)).rejects.toMatchObject(missing);
    await expect(kit.service.example(stranger, id, PUBLIC_URL)).rejects.toMatchObject(missing);
  });
});

describe('addresses', () => {
  test.each([
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://localhost/',
    'http://1.1.1.1/',
    'https://user:pw@example.com/',
  ])('%s is refused when it is given', async (url) => {
    await expect(kit.hook(url)).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'url' });
    const id = await kit.hook(RECEIVER);
    await expect(kit.update(id, { url })).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'url' });
  });

  test('a network that is none stops the start', () => {
    const config = (allow: string) => loadConfig({ TAILRACE_WEBHOOK_ALLOW: allow });
    expect(config('127.0.0.0/8, fd00::/8').webhooks.allow).toEqual(['127.0.0.0/8', 'fd00::/8']);
    for (const wrong of ['127.0.0.1', '10.0.0.0/33', 'fd00::/129', 'localhost/8', '10.0.0/8', '/8'])
      expect(() => config(`10.0.0.0/8,${wrong}`)).toThrow(`TAILRACE_WEBHOOK_ALLOW: ${wrong} is not a network`);
  });
});
