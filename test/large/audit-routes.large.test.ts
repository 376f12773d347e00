import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, aTemplate, checkInvariants, penguins, quickSpec, startPlatform, type Server } from '#testing';
import { MLFLOW_CALLS, UNAUDITED_RPCS } from './audit-mlflow-calls.js';
import { MUTATIONS, UNAUDITED } from './audit-mutations.js';
import { correlation, expectSaid, fixtures, mlflowRoutes, saidOf, type Fixtures } from './audit-kit.js';
import { everyMutation, routes } from './edge-support.js';

/** Routes of our own that take something in, each with why none leaves a row under the correlation of the call. */
const UNAUDITED_ROUTES: Readonly<Record<string, string>> = {
  'PUT /v1/blobs/:sha256': 'ingest: content',
  'POST /v1/uploads': 'ingest: content',
  'PUT /v1/uploads/:id/parts/:number': 'ingest: content',
  'POST /v1/uploads/:id/complete': 'ingest: content',
  'DELETE /v1/uploads/:id': 'ingest: content that is not wanted any more',
  'POST /attempt/v1/heartbeat': 'says that an attempt lives',
  'POST /attempt/v1/metrics': 'ingest',
  'POST /attempt/v1/log': 'ingest',
  'POST /attempt/v1/describe': 'ingest',
  'PUT /attempt/v1/blobs/:sha256': 'ingest: content',
  'POST /v1/triggers/:id/incoming': 'says trigger.fired or trigger.skipped of its trigger, under what its sender caused',
  'POST /internal/v1/traffic': 'ingest: counts of what a node answered',
  'POST /internal/v1/observed': 'says what a node serves; a change of it is deployment.ready or deployment.failed',
};
/** Those of an attempt that change its job; a training that ends has called them all. */
const ATTEMPT_ROUTES: Readonly<Record<string, string>> = {
  'POST /attempt/v1/claim': 'training_job.started',
  'POST /attempt/v1/checkpoint': 'training_job.checkpointed',
  'POST /attempt/v1/finish': 'training_job.succeeded',
};

let server: Server;
let kit: Fixtures;
let data: { datasetId: string; versionId: string };
beforeAll(async () => {
  server = await startPlatform();
  kit = fixtures(server, server.client());
  data = await penguins(kit.client);
}, 120_000);
afterAll(() => server?.stop());

describe('every mutation of the schema', () => {
  const mutations = everyMutation();

  test('is called here, or named with the reason why it leaves no row; nothing is named that there is not', () => {
    const names = mutations.map(({ name }) => name).sort();
    expect([...Object.keys(MUTATIONS), ...Object.keys(UNAUDITED)].sort()).toEqual(names);
  });

  test.each(mutations.filter(({ name }) => !(name in UNAUDITED)).map(({ name, query }) => [name, query]))(
    '%s leaves rows with their events',
    async (name, query) => {
      const { variables, token } = await MUTATIONS[name]!(kit, data);
      const id = correlation();
      const as = token ? server.client(token) : kit.client;
      const { data: payload, errors } = await as.graphql<Record<string, { userErrors: object[] }>>(query, variables, {
        'x-correlation-id': id,
      });
      expect({ name, errors, userErrors: payload?.[name]?.userErrors }).toEqual({ name, errors: undefined, userErrors: [] });
      expectSaid(name, await saidOf(server, id));
    },
    60_000,
  );
});

describe("every route of MLflow's API that writes", () => {
  const writing = new Map(
    mlflowRoutes()
      .filter((route) => route.methods.some((method) => method !== 'GET') && !route.access.endsWith('.read'))
      // What MLflow has and we have not, and what nobody has: always refused.
      .filter(({ rpc }) => !/^(NotImplemented\..*|Unknown)$/.test(rpc))
      .map((route) => [route.rpc, route]),
  );
  test('is called here, or named with the reason why it leaves no row', () => {
    const named = [
      ...Object.keys(MLFLOW_CALLS),
      ...Object.keys(UNAUDITED_RPCS).filter((rpc) => rpc !== 'ChangeWorkspace'),
    ].sort();
    expect(named).toEqual([...writing.keys()].sort());
    expect(mlflowRoutes().find(({ rpc }) => rpc === 'ChangeWorkspace')?.access).toBe('self.read');
  });

  test.each(Object.keys(MLFLOW_CALLS))('%s leaves rows with their events', async (rpc) => {
    const { method, path, body } = await MLFLOW_CALLS[rpc]!(kit);
    const id = correlation();
    await kit.rest(method, path, body ?? {}, { 'x-correlation-id': id });
    expectSaid(rpc, await saidOf(server, id));
  });
});

describe('every route of our own that is not a question', () => {
  test('is named, with its event or the reason why it has none', () => {
    const writing = routes()
      .filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method))
      .map(({ method, pattern }) => `${method} ${pattern}`);
    expect([...Object.keys(UNAUDITED_ROUTES), ...Object.keys(ATTEMPT_ROUTES)].sort()).toEqual(writing.sort());
  });

  test('an attempt leaves rows of its claim, its checkpoints and its end, and none of what it logs', async () => {
    const templateId = await aTemplate(kit.client, { datasetId: data.datasetId, spec: quickSpec() });
    const jobId = await kit.made('startTraining', 'trainingJob', { templateId });
    const rows = () =>
      ask<{ action: string; subject_kind: string; event: string | null; after: object }>(
        server.databaseUrl,
        `select a.action, a.subject_kind, a.after, e.type as event from audit_log a left join event_log e on e.id = a.event_id
          where a.subject_id in (select $1 union select run_id from training_job where id = $1) order by a.id`,
        [jobId],
      );
    await expect
      .poll(async () => (await rows()).map(({ action }) => action), { timeout: 45_000 })
      .toContain('training_job.succeeded');
    const said = await rows();
    for (const action of [...Object.values(ATTEMPT_ROUTES), 'run.started', 'run.finished'])
      expect(said.map((row) => row.action)).toContain(action);
    for (const { action, event } of said) expect(event).toBe(`io.tailrace.${action}.v1`);
    const end = said.find(({ action }) => action === 'run.finished')!;
    expect(end.after).toMatchObject({
      status: 'FINISHED',
      logged: {
        points: expect.any(Number) as unknown,
        params: expect.any(Number) as unknown,
        tags: expect.any(Number) as unknown,
      },
    });
    const { points } = (end.after as { logged: { points: number } }).logged;
    expect(points).toBeGreaterThan(0);
    expect(said.filter(({ subject_kind }) => subject_kind === 'run')).toHaveLength(2);
  }, 90_000);
});

describe('what is logged to a run', () => {
  const log = (runId: string, id: string) =>
    kit.client.query(
      'mutation ($input: LogRunInput!) { logRun(input: $input) { userErrors { code message } } }',
      {
        input: {
          runId,
          tags: [{ key: 'a', value: 'b' }],
          params: [{ key: 'p', value: '1' }],
          metrics: [{ key: 'loss', value: 1, step: 0 }],
        },
      },
      { 'x-correlation-id': id },
    );

  test('while it goes on leaves no row of its own, and is counted by the row of its end', async () => {
    const [runId, id, end] = [await kit.run(), correlation(), correlation()];
    await log(runId, id);
    expect(await saidOf(server, id)).toEqual([]);
    const finish = 'mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { code } } }';
    await kit.client.query(finish, { input: { runId, status: 'FINISHED' } }, { 'x-correlation-id': end });
    const [row] = await ask<{ after: unknown }>(server.databaseUrl, 'select after from audit_log where correlation_id = $1', [
      end,
    ]);
    expect(row!.after).toEqual({ status: 'FINISHED', logged: { points: 1, params: 1, tags: 1, artifacts: 0 } });
  });

  test('after its end is a change like any other', async () => {
    const [runId, id] = [await kit.endedRun(), correlation()];
    await log(runId, id);
    expect(await saidOf(server, id)).toContainEqual({
      action: 'run.amended',
      outcome: 'done',
      event: 'io.tailrace.run.amended.v1',
    });
  });
});

test('every invariant holds in the end', () => checkInvariants(server.databaseUrl));
