import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { signedHeaders } from '#automation';
import {
  aDataset,
  ask,
  aTemplate,
  aTraining,
  aVersion,
  checkInvariants,
  dropSessions,
  jobWhen,
  penguinsCsv,
  quickSpec,
  uniqueName,
  until,
  withDatabase,
  type Client,
  type Server,
} from '#testing';
import { inEachTopology } from './topologies.js';

const CREATE = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { id incomingPath } incomingSecret signingSecret
  userErrors { code message field } } }`;

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    server = await start({ TAILRACE_RUNNER_SLOTS: '2' });
    client = server.client();
  });
  afterAll(() => server?.stop());
  afterEach(() => checkInvariants(server.databaseUrl));

  const trigger = (input: object) =>
    client.mutate<{ trigger: { id: string; incomingPath: string | null }; incomingSecret: string }>(CREATE, {
      name: uniqueName('trigger'),
      ...input,
    });
  const executionsOf = (id: string) =>
    ask<{ id: string; state: string; reason: string | null; outcome: { jobId: string } | null }>(
      server.databaseUrl,
      'select id, state, reason, outcome from trigger_execution where trigger_id = $1 order by id',
      [id],
    );
  const jobsOf = (templateId: string) =>
    ask<{ id: string }>(server.databaseUrl, 'select id from training_job where template_id = $1', [templateId]);

  describe('kill -9', { timeout: 120_000 }, () => {
    test('between fired and acted: after the restart it acts, once, and ends with its training', async () => {
      const datasetId = await aDataset(client);
      const templateId = await aTemplate(client, { datasetId, spec: quickSpec() });
      const { trigger: made } = await trigger({
        filter: {
          kind: 'event',
          event: 'dataset_version.validated',
          where: { field: 'data.datasetId', op: 'eq', value: datasetId },
        },
        action: { kind: 'start_training', templateId },
      });
      // Whoever acts has to wait: its key cannot be written.
      await withDatabase(server.databaseUrl, async (db) => {
        await db.query(`create function hold_act() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4244); return new; end $$;
        create trigger hold_act before insert on idempotency_key for each row when (new.auth_id like 'trg_%') execute function hold_act()`);
      });
      const locker = await holding('select pg_advisory_lock(4244)');
      await aVersion(client, datasetId, penguinsCsv());
      await until('it has fired', async () => (await executionsOf(made.id))[0]?.state === 'FIRED');
      await server.kill9();
      await dropSessions(server.databaseUrl);
      await locker.end().catch(() => undefined);
      await withDatabase(server.databaseUrl, async (db) => {
        await db.query('drop trigger hold_act on idempotency_key; drop function hold_act()');
      });
      expect(await executionsOf(made.id)).toMatchObject([{ state: 'FIRED' }]);
      expect(await jobsOf(templateId)).toEqual([]);
      await server.restart();
      client = server.client();
      const [ended] = await until(
        'it has ended',
        async () => {
          const rows = await executionsOf(made.id);
          return rows[0]?.state === 'COMPLETED' && rows;
        },
        90_000,
      );
      const jobs = await jobsOf(templateId);
      expect(jobs).toEqual([{ id: ended!.outcome!.jobId }]);
      await jobWhen(client, jobs[0]!.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    });

    test('while one waits for the cooldown: after the restart it goes by the time alone', async () => {
      const templateId = await aTemplate(client, { datasetId: await aDataset(client), spec: quickSpec() });
      const { trigger: made } = await trigger({
        filter: { kind: 'event', event: 'dataset.created' },
        // Its data set has no version: it fails as soon as it fires.
        action: { kind: 'start_training', templateId },
        cooldownSeconds: 3600,
        concurrency: 'NEWEST',
      });
      await aDataset(client);
      await until('the first has ended', async () => (await executionsOf(made.id))[0]?.state === 'FAILED');
      await aDataset(client);
      await until('the second waits', async () => (await executionsOf(made.id))[1]?.state === 'WAITING');
      await server.kill9();
      await ask(server.databaseUrl, "update trigger set last_fired_at = now() - interval '2 hours' where id = $1", [made.id]);
      await server.restart();
      client = server.client();
      await until('it has gone', async () => (await executionsOf(made.id))[1]?.state === 'FAILED');
      expect((await executionsOf(made.id)).map(({ reason }) => reason!.split(':')[0])).toEqual(['NOT_READY', 'NOT_READY']);
    });
  });

  test('a version is measured anew on its own files, and the execution ends with that', { timeout: 120_000 }, async () => {
    const datasetId = await aDataset(client);
    await aVersion(client, datasetId, penguinsCsv());
    const model = uniqueName('model');
    const templateId = await aTemplate(client, { datasetId, spec: quickSpec(), registerAs: model });
    const where = { field: 'subject.model', op: 'eq', value: model };
    const { trigger: made } = await trigger({
      filter: { kind: 'event', event: 'model_version.created', where },
      action: { kind: 'evaluate_version' },
    });
    await aTraining(client, templateId);
    await until('it has ended', async () => (await executionsOf(made.id))[0]?.state === 'COMPLETED', 90_000);
    const said = await ask<{ type: string }>(
      server.databaseUrl,
      `select e.type from event_log e join model m on m.id = e.data ->> 'modelId' where m.name = $1 and e.type like '%evaluat%' order by e.sequence`,
      [model],
    );
    expect(said.map(({ type }) => type.split('.')[3])).toEqual(['evaluation_requested', 'evaluated']);
  });

  describe('over HTTP', () => {
    test('an incoming webhook: signed over its bytes, without a token; it fires once', async () => {
      const templateId = await aTemplate(client, { datasetId: await aDataset(client), spec: quickSpec() });
      const { trigger: made, incomingSecret } = await trigger({
        filter: { kind: 'incoming', where: { field: 'data.ref', op: 'eq', value: 'main' } },
        action: { kind: 'start_training', templateId },
      });
      // White space and the order of keys are the sender's: nothing on the way may write them anew.
      const body = Buffer.from('{ "ref" : "main",\n "extra": 1.0 }');
      const post = async (bytes: Buffer, headers: Record<string, string>, type = 'application/json') => {
        const response = await fetch(`${server.url}${made.incomingPath}`, {
          method: 'POST',
          body: new Uint8Array(bytes),
          headers: { 'content-type': type, ...headers },
        });
        return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
      };
      const signed = signedHeaders('msg_1', body, [incomingSecret], Date.now());
      const first = await post(body, signed);
      expect(first).toMatchObject({ status: 202, answer: { matched: true, duplicate: false, state: 'FIRED' } });
      expect(await post(body, signed, 'text/plain')).toMatchObject({
        status: 202,
        answer: { duplicate: true, executionId: first.answer['executionId'] },
      });
      expect(await post(Buffer.from('{"ref":"main","extra":1.0}'), signed)).toMatchObject({ status: 401 });
      const long = Buffer.from(JSON.stringify({ ref: 'main', text: 'x'.repeat(66_000) }));
      expect(await post(long, signedHeaders('msg_2', long, [incomingSecret], Date.now()))).toMatchObject({ status: 413 });
      const empty = Buffer.alloc(0);
      expect(await post(empty, signedHeaders('msg_3', empty, [incomingSecret], Date.now()))).toMatchObject({ status: 400 });
      expect(await executionsOf(made.id)).toHaveLength(1);
    });

    test('GraphQL reads a trigger with its executions, pages them and replays one', async () => {
      const { trigger: made } = await trigger({
        filter: { kind: 'event', event: 'dataset.created' },
        action: { kind: 'notify_chat', url: 'https://hooks.receiver.invalid/services/a-key', text: '{{data.name}}' },
        cooldownSeconds: 3600,
        concurrency: 'SKIP',
      });
      for (let each = 0; each < 3; each++) await aDataset(client);
      await until('all were heard', async () => (await executionsOf(made.id)).length === 3);
      const query = `query ($id: ID!, $after: String) { node(id: $id) { ... on Trigger { name filter action concurrency cooldownSeconds owner { name }
      executions(first: 2, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id state reason cause facts trigger { id } replayOf { id } } } } } } }`;
      type Page = {
        node: {
          action: object;
          filter: object;
          executions: { pageInfo: { hasNextPage: boolean; endCursor: string }; edges: { node: { id: string; state: string } }[] };
        };
      };
      const page = (await client.query<Page>(query, { id: made.id })).node;
      expect(page.action).toEqual({ kind: 'notify_chat', to: 'https://hooks.receiver.invalid', text: '{{data.name}}' });
      expect(page.executions).toMatchObject({
        pageInfo: { hasNextPage: true },
        edges: [{ node: { state: 'SKIPPED', trigger: { id: made.id } } }, {}],
      });
      const rest = (await client.query<Page>(query, { id: made.id, after: page.executions.pageInfo.endCursor })).node.executions;
      expect(rest).toMatchObject({ pageInfo: { hasNextPage: false }, edges: [{}] });
      const {
        replayTriggerExecution: { execution },
      } = await client.query<{ replayTriggerExecution: { execution: { id: string; replayOf: { id: string } } } }>(
        'mutation ($id: ID!) { replayTriggerExecution(executionId: $id) { execution { id replayOf { id } } userErrors { code message } } }',
        { id: page.executions.edges[0]!.node.id },
      );
      expect(execution.replayOf.id).toBe(page.executions.edges[0]!.node.id);
      await client.query(
        'mutation ($id: ID!) { deleteTrigger(triggerId: $id) { trigger { deletedAt } userErrors { code message } } }',
        { id: made.id },
      );
      expect(
        (await client.query<{ node: { id: string } | null }>('query ($id: ID!) { node(id: $id) { id } }', { id: execution.id }))
          .node?.id,
      ).toBe(execution.id);
    });
  });

  /** What a statement locks is held by a session of its own. */
  async function holding(sql: string): Promise<{ end(): Promise<void> }> {
    const session = new pg.Client({ connectionString: server.databaseUrl });
    session.on('error', () => undefined);
    await session.connect();
    await session.query(sql);
    return session;
  }
});
