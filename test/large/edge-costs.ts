import { beforeAll, describe, expect, test } from 'vitest';
import { SUBSCRIBER_NAMES } from '#contracts';
import { uniqueName, type Client, type Server } from '#testing';
import { connections, statementsOf, type Edge } from './edge-support.js';

/** Statements and connections, bounded whatever is asked. */
export function costsSuite(edge: () => Edge): void {
  describe('what a page costs', { timeout: 60_000 }, () => {
    let server: Server;
    let client: Client;
    let data: Edge['data'];
    beforeAll(() => {
      ({ server, client, data } = edge());
    });

    let experimentId: string;
    beforeAll(async () => {
      const create =
        'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { code message } } }';
      experimentId = (await client.mutate<{ experiment: { id: string } }>(create, { name: uniqueName('experiment') })).experiment
        .id;
      const run = 'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } userErrors { code message } } }';
      const log = 'mutation ($input: LogRunInput!) { logRun(input: $input) { userErrors { code message } } }';
      const model =
        'mutation ($input: CreateLoggedModelInput!) { createLoggedModel(input: $input) { userErrors { code message } } }';
      const hook = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { userErrors { code message } } }';
      const trigger = 'mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { userErrors { code message } } }';
      for (let i = 0; i < 50; i++) {
        const pairs = { params: [{ key: 'lr', value: String(i) }], tags: [{ key: 'team', value: 'a' }] };
        const made = await client.mutate<{ run: { id: string } }>(run, {
          experimentId,
          name: `run-${i}`,
          datasetVersionIds: [data.versionId],
          ...pairs,
        });
        await client.mutate(log, { runId: made.run.id, metrics: [{ key: 'loss', value: i }] });
        await client.mutate(model, { experimentId, sourceRunId: made.run.id, name: `model-${i}`, ...pairs });
        const webhook = { name: uniqueName('hook'), url: 'https://example.com/', events: ['PROMPT_CREATED'], status: 'DISABLED' };
        await client.mutate(hook, webhook);
        const filter = { kind: 'event', event: 'experiment.created' };
        await client.mutate(trigger, {
          name: uniqueName('trigger'),
          filter,
          action: { kind: 'call_webhook', url: 'https://receiver.invalid/hook' },
        });
      }
    });

    const PAGES: Record<string, { most: number; query: string }> = {
      runs: {
        most: 8,
        query: `query ($n: Int!, $e: ID!) { runs(first: $n, where: { experimentId: $e }) { edges { node {
        id params { key value } tags { key value } metrics { key value } experiment { name } artifacts { path } } } } }`,
      },
      'runs with their inputs': {
        most: 5,
        query:
          'query ($n: Int!, $e: ID!) { runs(first: $n, where: { experimentId: $e }) { edges { node { datasetVersions { number dataset { name } } } } } }',
      },
      'runs with their models': {
        most: 3,
        query:
          'query ($n: Int!, $e: ID!) { runs(first: $n, where: { experimentId: $e }) { edges { node { loggedModels(first: 2) { edges { node { name } } } } } } }',
      },
      'logged models': {
        most: 5,
        query: `query ($n: Int!, $e: ID!) { loggedModels(first: $n, experimentIds: [$e]) { edges { node {
        id params { key } tags { key } metrics { key run { name } } experiment { name } sourceRun { name } artifacts { path } } } } }`,
      },
      webhooks: {
        most: 5,
        query: `query ($n: Int!) { webhooks(first: $n) { edges { node {
        name createdBy { name } types deliveries(first: 2) { edges { node { state type tries { status } } } } } } } }`,
      },
      triggers: {
        most: 7,
        query: `query ($n: Int!) { triggers(first: $n) { edges { node { name owner { name } updatedBy { name } executions(first: 2) { edges { node {
          state cause replayOf { id } supersededBy { id } requestedBy { name } } } } } } } }`,
      },
      datasets: {
        most: 4,
        query: 'query ($n: Int!) { datasets(first: $n) { edges { node { name newestVersion { number parent { number } } } } } }',
      },
      audit: { most: 3, query: 'query ($n: Int!) { audit(first: $n) { edges { node { action member { name } } } } }' },
    };
    for (const [page, { most, query }] of Object.entries(PAGES))
      test(`${page}: at most ${most} statements, whatever the size of the page`, async () => {
        const statements = (n: number) =>
          statementsOf(server, () => client.query(query, { n, ...(query.includes('$e') ? { e: experimentId } : {}) }));
        const [five, fifty] = [await statements(5), await statements(50)];
        expect(Math.max(five, fifty)).toBeLessThanOrEqual(most);
      });

    test('a crowd of requests does not open more connections than are allowed', async () => {
      await Promise.all(
        Array.from({ length: 100 }, () => client.query('{ runs(first: 50) { edges { node { id params { key } } } } }')),
      );
      const { total, pool } = await connections(server);
      // How many of its 20 a crowd fills depends on the machine; more than one shows that they are the pool's.
      expect(pool).toBeGreaterThan(1);
      expect(pool).toBeLessThanOrEqual(20);
      // Beside the pool of the use cases: one for LISTEN, one for the relay, and one a worker and three for the queues.
      expect(total).toBeLessThanOrEqual(20 + 1 + 1 + SUBSCRIBER_NAMES.length + 3);
    });
  });
}
