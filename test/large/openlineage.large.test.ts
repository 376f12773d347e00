import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '#contracts';
import {
  aMember,
  ask,
  aTemplate,
  aTraining,
  checkInvariants,
  jobWhen,
  penguins,
  quickSpec,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import type { Told } from '../medium/openlineage-kit.js';
import { startListener, type Listener } from '../medium/webhooks-listener.js';
import { facetsIn, faultsOf } from '../openlineage/validator.js';
import { anotherWorkspace } from './edge-support.js';
import { inEachTopology } from './topologies.js';

const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  webhook { id form types signed authorized } secret userErrors { code message field } } }`;

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  let listener: Listener;
  let trained: { runId: string; versionId: string; datasetVersionId: string };
  const model = uniqueName('model');
  beforeAll(async () => {
    server = await start({
      TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8',
      TAILRACE_PUBLIC_URL: 'https://tailrace.example',
      // Leases as long as on a platform of people: nothing is killed here.
      TAILRACE_LEASE_SECONDS: '60',
      TAILRACE_HEARTBEAT_SECONDS: '5',
    });
    client = server.client();
    listener = await startListener();
    const input = { name: uniqueName('marquez'), url: listener.url, form: 'OPENLINEAGE', types: ['*'], bearerToken: 'key' };
    const { webhook } = await client.mutate<{ webhook: object }>(CREATE, input);
    expect(webhook).toMatchObject({ form: 'OPENLINEAGE', types: ['*'], signed: true, authorized: true });
    const data = await penguins(client);
    const templateId = await aTemplate(client, { datasetId: data.datasetId, spec: quickSpec(), registerAs: model });
    const { id, runId } = await aTraining(client, templateId);
    const job = await jobWhen(client, id, 'is registered', ({ modelVersions }) => modelVersions.length > 0);
    trained = { runId, versionId: job.modelVersions[0]!.id, datasetVersionId: data.versionId };
  }, 120_000);
  afterAll(async () => {
    listener?.close();
    await server?.stop();
  });

  const told = () => listener.calls.map(({ body }) => JSON.parse(body) as Told);
  const faults = (events: readonly unknown[]) => events.flatMap((event) => faultsOf(event));
  const lines = async (as: Client, query = 'format=openlineage') => {
    const answer = await as.fetch(`/v1/lineage/export?${query}`);
    const text = await answer.text();
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      text,
      events: answer.ok
        ? text
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Told)
        : [],
    };
  };

  describe('a training, told to others while it goes on', () => {
    test('starts and completes once, with its data, its engine and what it was trained with', async () => {
      const run = await until('its end has arrived', async () => {
        const of = told().filter((event) => event.run?.runId === uuidOf(trained.runId));
        return of.some(({ eventType }) => eventType === 'COMPLETE') && of;
      });
      const types = run.map(({ eventType }) => eventType);
      expect([types[0], types.at(-1)]).toEqual(['START', 'COMPLETE']);
      // Its claim is told of the run while that goes on, and of its job when it is told later.
      expect(types.slice(1, -1).filter((type) => type !== 'RUNNING')).toEqual([]);
      expect(run.at(-1)).toMatchObject({
        job: { namespace: 'tailrace://tailrace.example/default', facets: { jobType: { jobType: 'TRAINING' } } },
        run: {
          facets: {
            processing_engine: { name: 'tfjs' },
            executionParameters: { parameters: expect.arrayContaining([{ key: 'batch_size', value: '16' }]) as unknown },
          },
        },
        inputs: [
          {
            facets: {
              version: { datasetVersion: '1' },
              schema: { fields: expect.arrayContaining([expect.objectContaining({ name: 'Species' })]) as unknown },
            },
          },
        ],
      });
    });

    test('ends in a model that its job makes', async () => {
      const made = await until('the version has arrived', async () =>
        told().find(({ outputs }) => outputs?.some(({ name }) => name === `model/${model}`)),
      );
      expect(made.job!.name).toMatch(/^template\//);
      expect(made.outputs![0]!.facets['tags']).toMatchObject({ tags: [{ key: 'run', value: uuidOf(trained.runId) }] });
    });

    test('was checked, with the figures of every column', () => {
      const check = told().find(
        ({ run, eventType }) => run?.runId === uuidOf(trained.datasetVersionId) && eventType === 'COMPLETE',
      )!;
      const { columnMetrics } = Object.fromEntries(facetsIn(check))['dataQualityMetrics'] as { columnMetrics: object };
      expect(Object.keys(columnMetrics).length).toBeGreaterThan(5);
    });

    test('every event fits the released schemas', () => {
      expect(listener.calls.length).toBeGreaterThan(8);
      expect(faults(told())).toEqual([]);
    });
  });

  describe('the export of the graph', () => {
    test('is lines of events with the same runs, and needs no more than the right to read', async () => {
      const viewer = await aMember(client, 'viewer');
      const { status, type, events } = await lines(server.client(viewer.token));
      expect([status, type]).toEqual([200, 'application/x-ndjson']);
      expect(faults(events)).toEqual([]);
      const run = events.filter((event) => event.run?.runId === uuidOf(trained.runId));
      expect(run.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
      const there = told().find((event) => event.run?.runId === uuidOf(trained.runId))!;
      expect(run[0]).toMatchObject({
        eventTime: there.eventTime,
        job: { namespace: there.job!.namespace, name: there.job!.name },
      });
      const rows = await ask(
        server.databaseUrl,
        'select a.action, a.subject_kind, e.data from audit_log a join event_log e on e.id = a.event_id where a.actor = $1',
        [viewer.id],
      );
      expect(rows).toEqual([
        { action: 'lineage.exported', subject_kind: 'workspace', data: { format: 'openlineage', count: 1 } },
      ]);
    });

    test('is the graph itself as JSON, and nothing to who may see nothing of it', async () => {
      const graph = await lines(client, 'format=json');
      expect(graph.text).toContain(trained.versionId);
      expect(graph.text).toContain('"relation":"trained_on"');
      for (const query of ['format=json', 'format=openlineage']) {
        expect((await lines(await anotherWorkspace(server), query)).text).toBe('');
        const narrow = server.client((await aMember(client, 'editor', { project: '/elsewhere' })).token);
        expect(await lines(narrow, query)).toMatchObject({ status: 200, text: '' });
      }
      expect((await client.fetch('/v1/lineage/export', { headers: { authorization: '' } })).status).toBe(401);
    });

    test('a format that there is not, or an argument, is named', async () => {
      for (const [query, said] of [
        ['format=turtle', 'format'],
        ['kinds=run', 'kinds'],
      ] as const) {
        const { status, text } = await lines(client, query);
        expect({ query, status }).toEqual({ query, status: 400 });
        expect(text).toContain(said);
      }
    });

    test('an answer of the graph is told by events too', async () => {
      const query =
        'query ($id: ID!, $to: ID!) { lineage(id: $id) { openLineage } lineagePath(from: $id, to: $to) { openLineage } impactOf(id: $to) { openLineage } }';
      const answers = await client.query<Record<string, { openLineage: Told[] }>>(query, {
        id: trained.versionId,
        to: trained.datasetVersionId,
      });
      expect(faults(Object.values(answers).flatMap(({ openLineage }) => openLineage))).toEqual([]);
      for (const name of ['lineage', 'impactOf'])
        expect(answers[name]!.openLineage.filter(({ run }) => run?.runId === uuidOf(trained.runId))).toHaveLength(2);
      // The version names its data itself.
      expect(answers['lineagePath']!.openLineage.map(({ dataset }) => dataset?.name)).toEqual([
        expect.stringMatching(/^dataset\//),
        `model/${model}`,
      ]);
    });
  });

  test('every invariant holds in the end', () => checkInvariants(server.databaseUrl));
});
