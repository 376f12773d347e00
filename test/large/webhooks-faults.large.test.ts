import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, checkInvariants, uniqueName, until, type Client, type Server } from '#testing';
import { answers, startListener, toEvent, verify, type Listener } from '../medium/webhooks-listener.js';
import { inEachTopology } from './topologies.js';

const EVENTS = 12;
const slowly: Parameters<typeof startListener>[0] = (response, nth) => void setTimeout(() => answers(200)(response, nth), 300);

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  let listener: Listener;
  let backend: Listener;
  beforeAll(async () => {
    // Slow, so that there is a middle to be killed in.
    [listener, backend] = [await startListener(slowly), await startListener(slowly)];
    server = await start({ TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
    client = server.client();
  }, 60_000);
  afterAll(async () => {
    listener?.close();
    backend?.close();
    await server?.stop();
  });

  test(
    'kill -9 in the middle of deliveries: every event arrives, under one id and signed, and is written down as delivered',
    { timeout: 90_000 },
    async () => {
      const create = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { message } } }`;
      const { webhook, secret } = await client.mutate<{ webhook: { id: string }; secret: string }>(create, {
        name: uniqueName('hook'),
        url: listener.url,
        types: ['experiment.created'],
      });
      const { webhook: lineage } = await client.mutate<{ webhook: { id: string } }>(create, {
        name: uniqueName('backend'),
        url: backend.url,
        form: 'OPENLINEAGE',
        types: ['experiment.created'],
      });
      const names = Array.from({ length: EVENTS }, () => uniqueName('told'));
      for (const name of names)
        await client.mutate(
          'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { userErrors { message } } }',
          {
            name,
          },
        );
      await until('some are under way', async () => Math.min(listener.calls.length, backend.calls.length) >= 3);
      await server.kill9();
      expect(listener.calls.length).toBeLessThan(EVENTS);
      await server.restart();
      // The leases of the dead process are over.
      await ask(
        server.databaseUrl,
        "update webhook_delivery set next_at = now() where lease is not null and state = 'PENDING' returning 1",
      );
      const states = () =>
        ask<{ state: string; n: number }>(
          server.databaseUrl,
          'select state, count(*)::int as n from webhook_delivery where webhook_id = any($1) group by state',
          [[webhook.id, lineage.id]],
        );
      await until('all are delivered', async () =>
        (await states()).some(({ state, n }) => state === 'DELIVERED' && n === EVENTS * 2),
      );
      const ids = Map.groupBy(listener.calls.map(toEvent), ({ data }) => String(data?.['name']));
      expect([...ids.keys()].sort()).toEqual(names.toSorted());
      for (const events of ids.values()) expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      for (const call of listener.calls) expect(verify(call, secret)).toMatchObject({ specversion: '1.0' });
      // The body of OpenLineage, which is made of more than the event, is the same in every try.
      const bodies = Map.groupBy(backend.calls, ({ headers }) => String(headers['webhook-id']));
      expect([...bodies.keys()].sort()).toEqual([...ids.values()].map(([event]) => event!.id).sort());
      for (const calls of bodies.values()) expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
      await checkInvariants(server.databaseUrl);
    },
  );
});
