import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aMember,
  ask,
  aTemplate,
  aToken,
  aTraining,
  Client,
  GraphSocket,
  jobWhen,
  quickSpec,
  checkInvariants,
  penguins,
  slowSpec,
  startPlatform,
  uniqueName,
  until,
  type Server,
} from '#testing';
import { fixtures, type Fixtures } from './audit-kit.js';
import { everyMutation, routes, statusWith } from './edge-support.js';

interface Row {
  readonly action: string;
  readonly actor: string;
  readonly token_id: string | null;
  readonly address: string | null;
  readonly subject: string;
  readonly reason: string;
  readonly after: { readonly code: string };
  readonly event: { readonly code: string; readonly count: number } | null;
  readonly text: string;
}

let server: Server;
let kit: Fixtures;
beforeAll(async () => {
  server = await startPlatform();
  kit = fixtures(server, server.client());
}, 60_000);
afterAll(() => server?.stop());

/** Rows of what was refused to somebody. */
const refusedTo = (actor: string, action?: string) =>
  ask<Row>(
    server.databaseUrl,
    `select a.action, a.actor, a.token_id, a.address, a.subject_kind || '/' || a.subject_id as subject, a.reason, a.after, e.data as event, to_jsonb(a)::text as text
      from audit_log a left join event_log e on e.id = a.event_id and e.type = 'io.tailrace.access.refused.v1'
      where a.outcome = 'refused' and a.actor = $1 and ($2::text is null or a.action = $2) order by a.id`,
    [actor, action ?? null],
  );
const actionsOf = async (actor: string) => new Set((await refusedTo(actor)).map(({ action }) => action));

describe('what is refused stands in the audit', () => {
  test('every mutation to a viewer, with the token, the address, what it was about, and its event', async () => {
    const viewer = await aMember(kit.client, 'viewer');
    const [token] = await ask<{ id: string }>(server.databaseUrl, 'select id from token where member_id = $1', [viewer.id]);
    const as = server.client(viewer.token);
    const runId = await kit.run();
    await as.graphql('mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { code } } }', {
      input: { runId, status: 'FAILED' },
    });
    // Tokens of one's own are everybody's.
    const refused = everyMutation().filter(({ name }) => name !== 'createToken' && name !== 'revokeToken');
    for (const { query, variables } of refused) await as.graphql(query, variables);
    const rows = await refusedTo(viewer.id);
    expect(new Set(rows.map(({ action }) => action))).toEqual(new Set(refused.map(({ name }) => `graphql.${name}`)));
    for (const row of rows)
      expect(row).toMatchObject({ token_id: token!.id, after: { code: 'FORBIDDEN' }, event: { code: 'FORBIDDEN', count: 1 } });
    expect(rows.every(({ address }) => /127\.0\.0\.1|::1/.test(address ?? ''))).toBe(true);
    expect(rows[0]).toMatchObject({ action: 'graphql.finishRun', subject: `run/${runId}` });
  });

  test('every route to a viewer and to nobody; a token that is not known is written nowhere', async () => {
    const viewer = await aMember(kit.client, 'viewer');
    const secret = `trl_${'k'.repeat(43)}`;
    const closed = routes().filter(({ isPublic }) => !isPublic);
    for (const as of [server.client(viewer.token), new Client(server.url, secret)])
      for (const { method, path } of closed.filter((each) => each.method !== 'GET' && each.method !== 'HEAD')) {
        const body = method === 'PUT' || method === 'POST' ? '{}' : undefined;
        const { status } = await as.fetch(path, { method, body, headers: body ? { 'content-type': 'application/json' } : {} });
        expect([401, 403]).toContain(status);
      }
    const expected = closed
      .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      .map(({ method, pattern }) => `http.${method} ${pattern}`);
    expect(await actionsOf(viewer.id)).toEqual(new Set(expected));
    const anonymous = await refusedTo('anonymous');
    for (const action of expected) expect(anonymous.map((row) => row.action)).toContain(action);
    for (const row of anonymous) {
      expect(row).toMatchObject({ token_id: null, after: { code: 'UNAUTHENTICATED' }, event: { code: 'UNAUTHENTICATED' } });
      expect(row.text).not.toContain('kkkk');
    }
  });

  test("MLflow's API, GraphQL and the WebSocket to nobody; MLflow's to a viewer", async () => {
    const nobody = new Client(server.url);
    expect((await nobody.graphql('{ me { id } }')).status).toBe(401);
    await expect(nobody.socket()).rejects.toThrow('close 4403');
    expect(
      (
        await nobody.fetch('/api/2.0/mlflow/runs/search', {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(401);
    const actions = await actionsOf('anonymous');
    for (const action of ['graphql.request', 'socket.connect', 'mlflow.SearchRuns']) expect(actions).toContain(action);
    const viewer = await aMember(kit.client, 'viewer');
    const runId = await kit.run();
    const answer = await server.client(viewer.token).fetch('/api/2.0/mlflow/runs/delete', {
      method: 'POST',
      body: JSON.stringify({ run_id: runId.slice(4) }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(403);
    expect(await refusedTo(viewer.id)).toMatchObject([
      { action: 'mlflow.DeleteRun', subject: `run/${runId}`, after: { code: 'FORBIDDEN' } },
    ]);
  });

  test('a mutation over the WebSocket, and what the domain refuses on a project of others', async () => {
    const viewer = await aMember(kit.client, 'viewer');
    const socket = await GraphSocket.open(server.url, viewer.token);
    const { errors } = await socket.run('mutation { deleteTrigger(triggerId: "x") { trigger { id } } }');
    expect(errors[0]?.extensions?.code).toBe('FORBIDDEN');
    socket.drop();
    expect(await refusedTo(viewer.id)).toMatchObject([{ action: 'graphql.deleteTrigger' }]);
    const editor = await aMember(kit.client, 'editor', { project: '/mine' });
    const create = 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { userErrors { code } } }';
    await server.client(editor.token).graphql(create, { input: { name: uniqueName('theirs') } });
    expect(await refusedTo(editor.id)).toMatchObject([
      { action: 'graphql.createDataset', reason: expect.stringContaining('dataset.write') as unknown },
    ]);
  });

  test('a foreign Host, a foreign Origin, and a prediction without a token', async () => {
    expect(await statusWith(`${server.url}/graphql`, { host: 'evil.example' })).toBe(403);
    await expect(GraphSocket.open(server.url, server.token, { origin: 'https://evil.example' })).rejects.toThrow('HTTP 403');
    await until('both stand in the audit', async () => {
      const actions = await actionsOf('anonymous');
      return actions.has('http.request') && actions.has('socket.upgrade');
    });
  });

  test('a prediction without a token, and with one that may not predict', { timeout: 90_000 }, async () => {
    const name = uniqueName('served');
    const modelId = await kit.model({ name, productionGates: [] });
    const { datasetId } = await penguins(kit.client);
    const job = await aTraining(kit.client, await aTemplate(kit.client, { datasetId, spec: quickSpec(), registerAs: name }));
    const { modelVersions } = await jobWhen(kit.client, job.id, 'has a version', (view) => view.modelVersions.length > 0);
    await kit.made('createEndpoint', 'endpoint', { name, follows: { modelId, stage: 'production' } });
    const requestId = await kit.asked(modelVersions[0]!.id);
    const approver = server.client((await aMember(kit.client, 'approver')).token);
    await kit.made('approveStage', 'stageRequest', { requestId }, approver);
    const infer = async (as: Client) => (await as.fetch(`/v2/models/${name}/infer`, { method: 'POST', body: '{}' })).status;
    await until('an inference node refuses', async () => (await infer(new Client(server.url))) === 401, 60_000);
    await until('it stands in the audit', async () => (await actionsOf('anonymous')).has('inference.request'));
    const narrow = await aMember(kit.client, 'viewer');
    const { token } = await aToken(kit.client, narrow.id, { scope: 'read' });
    expect([401, 403]).toContain(await infer(server.client(token)));
    await until('the member is known', async () => (await actionsOf(narrow.id)).has('inference.request'));
  });

  test("self-approval, and what a model's stages do not allow, under what was meant; a trigger hears of them", async () => {
    const { datasetId } = await penguins(kit.client);
    const templateId = await aTemplate(kit.client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) });
    const filter = { event: 'access.refused', equals: { code: 'SELF_APPROVAL' } };
    const action = { kind: 'start_training', templateId };
    const triggerId = await kit.made('createTrigger', 'trigger', { name: uniqueName('watch'), filter, action });
    const requestId = await kit.awaiting();
    const approve = 'mutation ($input: DecideInput!) { approveStage(input: $input) { userErrors { code } } }';
    const { data } = await kit.client.graphql(approve, { input: { requestId } });
    expect(data).toEqual({ approveStage: { userErrors: [{ code: 'SELF_APPROVAL' }] } });
    const [member] = await ask<{ member_id: string }>(server.databaseUrl, 'select member_id from stage_request where id = $1', [
      requestId,
    ]);
    expect(await refusedTo(member!.member_id, 'model_version.approved')).toMatchObject([
      { subject: `stage_request/${requestId}`, after: { code: 'SELF_APPROVAL' }, event: { code: 'SELF_APPROVAL' } },
    ]);
    await until('the trigger has fired', async () => {
      const sql = `select 1 from trigger_execution where trigger_id = $1 and state = 'COMPLETED'`;
      return (await ask(server.databaseUrl, sql, [triggerId])).length === 1;
    });
    const { id, model, number } = await kit.version(await kit.model({ productionGates: [] }));
    const body = JSON.stringify({ name: model, version: number, stage: 'Production', archive_existing_versions: false });
    const headers = { 'content-type': 'application/json' };
    expect(
      (await kit.client.fetch('/api/2.0/mlflow/model-versions/transition-stage', { method: 'POST', body, headers })).status,
    ).toBe(403);
    expect(await refusedTo(member!.member_id, 'model_version.stage_changed')).toMatchObject([{ subject: `model_version/${id}` }]);
  });

  test('a call of an attempt whose job is not its any more', async () => {
    const { datasetId } = await penguins(kit.client);
    const job = await aTraining(kit.client, await aTemplate(kit.client, { datasetId, spec: slowSpec() }));
    await jobWhen(kit.client, job.id, 'runs', (view) => view.state === 'RUNNING');
    const token = `tra_${'t'.repeat(43)}`;
    await ask(
      server.databaseUrl,
      `insert into training_attempt (job_id, number, runner, token_hash) select $1, 99, 'test', encode(sha256($2::bytea), 'hex')`,
      [job.id, token],
    );
    const answer = await server
      .client(token)
      .fetch('/attempt/v1/heartbeat', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(409);
    await ask(server.databaseUrl, 'delete from training_attempt where number = 99');
    expect(await refusedTo(`${job.id}#99`)).toMatchObject([
      { action: 'http.POST /attempt/v1/heartbeat', after: { code: 'STALE_ATTEMPT' } },
    ]);
    await kit.client.query('mutation ($id: ID!) { cancelTraining(jobId: $id) { userErrors { code } } }', { id: job.id });
    await jobWhen(kit.client, job.id, 'has ended', (view) => view.state === 'CANCELED');
  });

  test('bad input, what is not there, and conflicts are no refusals', async () => {
    const editor = await aMember(kit.client, 'editor');
    const as = server.client(editor.token);
    const finish = 'mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { code } } }';
    await as.graphql(finish, { input: { runId: 'run_nowhere', status: 'FAILED' } });
    const create = 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { userErrors { code } } }';
    const name = uniqueName('twice');
    for (const given of [name, name, '']) await as.graphql(create, { input: { name: given } });
    expect(await refusedTo(editor.id)).toEqual([]);
  });

  test('a flood leaves one row at once, and its count at the latest when the platform ends', async () => {
    const viewer = await aMember(kit.client, 'viewer');
    const as = server.client(viewer.token);
    await Promise.all(
      Array.from({ length: 200 }, () => as.graphql('mutation { deleteTrigger(triggerId: "x") { trigger { id } } }')),
    );
    expect(await refusedTo(viewer.id)).toHaveLength(1);
    const [seen] = await ask<{ n: number }>(
      server.databaseUrl,
      `select count(*)::int as n from event_log where type like '%access.refused%' and auth_id = $1`,
      [viewer.id],
    );
    expect(seen!.n).toBe(1);
  });

  test('every invariant holds', () => checkInvariants(server.databaseUrl));
});
