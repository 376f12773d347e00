import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatform, uniqueName, type Server } from '#testing';

/** What MLflow's own clients do not show: they are in test/clients. Here is what is sent to the wire, and who may. */
let server: Server;
beforeAll(async () => {
  server = await startPlatform();
}, 60_000);
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const url = new URL(path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`, server.url);
  if (method === 'GET' && body)
    for (const [name, value] of Object.entries(body))
      for (const each of [value].flat()) url.searchParams.append(name, String(each));
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${server.token}`,
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body ?? {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { text } };
}

async function anExperiment(tags: { key: string; value: string }[] = []): Promise<string> {
  return (await call('POST', 'experiments/create', { name: uniqueName('mlflow'), tags })).body['experiment_id'];
}
async function aRun(experimentId: string, more: object = {}): Promise<string> {
  const { body } = await call('POST', 'runs/create', { experiment_id: experimentId, ...more });
  return (body['run'] as { info: { run_id: string } }).info.run_id;
}
const dataOf = async (runId: string) =>
  ((await call('GET', 'runs/get', { run_id: runId })).body['run'] as { data: Record<string, unknown[]> }).data;

describe('log-batch', () => {
  test('is all or nothing', async () => {
    const runId = await aRun(await anExperiment());
    await call('POST', 'runs/log-parameter', { run_id: runId, key: 'lr', value: '1' });
    const refused = await call('POST', 'runs/log-batch', {
      run_id: runId,
      metrics: [{ key: 'loss', value: 1, timestamp: 1 }],
      params: [
        { key: 'new', value: 'x' },
        { key: 'lr', value: '2' },
      ],
      tags: [{ key: 'mlflow.runName', value: 'renamed' }],
    });
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(refused.body.message).toContain('Changing param values is not allowed');
    const { metrics, params, tags } = await dataOf(runId);
    expect([metrics, params]).toEqual([[], [{ key: 'lr', value: '1' }]]);
    expect(tags).not.toContainEqual({ key: 'mlflow.runName', value: 'renamed' });
  });

  test('sent again, and out of order, it leaves the same state', async () => {
    const runId = await aRun(await anExperiment());
    const batch = (from: number) => ({
      run_id: runId,
      metrics: Array.from({ length: 50 }, (_, i) => ({ key: 'm', value: from + i, timestamp: from + i, step: from + i })),
    });
    await Promise.all([150, 100, 0, 50, 100, 0].map((from) => call('POST', 'runs/log-batch', batch(from))));
    const { body } = await call('GET', 'metrics/get-history', { run_id: runId, metric_key: 'm' });
    expect((body['metrics'] as { step: number }[]).map(({ step }) => step)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect((await dataOf(runId))['metrics']).toEqual([{ key: 'm', value: 199, timestamp: 199, step: 199 }]);
  });

  test.each([
    [{ metrics: [{ key: 'a', value: 1 }] }, "Missing value for required parameter 'metrics[0].timestamp'"],
    [{ metrics: [{ key: 'a', value: 'x', timestamp: 1 }] }, 'Invalid value "x" for parameter \'metrics[0].value\' supplied'],
    [{ metrics: 'a' }, "Hint: Value was of type 'str'"],
    [{ params: [{ key: '../a', value: '1' }] }, "for parameter 'params[0].key' supplied"],
    [{ params: [{ key: 'a' }, { key: 'a' }] }, 'Duplicate parameter keys'],
    [{ metrics: Array.from({ length: 1001 }, () => ({ key: 'a', value: 1, timestamp: 1 })) }, 'at most 1000 metrics'],
  ])('says what is wrong %#', async (batch, text) => {
    const { status, body } = await call('POST', 'runs/log-batch', { run_id: await aRun('0'), ...batch });
    expect([status, body.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(body.message).toContain(text);
  });
});

describe('errors', () => {
  test.each([
    ['GET', 'runs/get', { run_id: 'f'.repeat(32) }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'runs/get', { run_id: '../etc' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'experiments/get', { experiment_id: 'x' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'runs/search', { experiment_ids: ['0'], page_token: 'eyJvZmZzZXQiOjN9' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'runs/search', { experiment_ids: ['0'], max_results: 123456789 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'experiments/create', { name: 'a\u0000b' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'experiments/create', '{', 400, 'BAD_REQUEST'],
    ['POST', '/api/3.0/mlflow/traces/search', {}, 501, 'NOT_IMPLEMENTED'],
    ['GET', '/api/2.0/mlflow/no/such/thing', undefined, 404, 'ENDPOINT_NOT_FOUND'],
  ])('%s %s %j', async (method, path, body, status, code) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body.error_code]).toEqual([status, code]);
    expect(answer.body.message).not.toMatch(/select |node_modules|\.js:/);
  });

  test('a form of a foreign page is no request', async () => {
    const answer = await call('POST', 'experiments/create', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([answer.status, answer.body.error_code]).toEqual([400, 'BAD_REQUEST']);
  });
});

test('what old clients and registered models ask for by name', async () => {
  const experimentId = await anExperiment();
  const listed = (await call('GET', 'experiments/list')).body.experiments as { experiment_id: string }[];
  expect(listed.map((each) => each.experiment_id)).toContain(experimentId);
  const runId = await aRun(experimentId);
  const name = uniqueName('model');
  await fetch(new URL(`/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${runId}/artifacts/model/MLmodel`, server.url), {
    method: 'PUT',
    headers: { authorization: `Bearer ${server.token}` },
    body: 'flavors: {}',
  });
  await call('POST', 'registered-models/create', { name });
  const made = await call('POST', 'model-versions/create', { name, source: `runs:/${runId}/model`, run_id: runId });
  expect(made.body.model_version).toMatchObject({ version: '1', current_stage: 'None' });
  const file = (path: string) => call('GET', `/model-versions/get-artifact?name=${name}&version=1&path=${path}`);
  expect(await file('MLmodel')).toEqual({ status: 200, body: { text: 'flavors: {}' } });
  expect((await file('..%2fMLmodel')).body.error_code).toBe('INVALID_PARAMETER_VALUE');
  expect((await file('none')).body.error_code).toBe('RESOURCE_DOES_NOT_EXIST');
  const infinite = { run_id: runId, key: 'inf', value: '-Infinity', timestamp: 1 };
  await call('POST', 'runs/log-metric', infinite);
  expect((await dataOf(runId))['metrics']).toEqual([{ key: 'inf', value: '-Infinity', timestamp: 1, step: 0 }]);
});

test('a change of an experiment is all or nothing', async () => {
  const client = server.client();
  const create =
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { message } } }';
  const name = uniqueName('whole');
  const { experiment } = await client.mutate<{ experiment: { id: string } }>(create, { name });
  const update =
    'mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { experiment { name archived } userErrors { code } } }';
  const input = { experimentId: experiment.id, name: uniqueName('renamed'), archived: true };
  const { updateExperiment } = await client.query<{ updateExperiment: object }>(update, {
    input: { ...input, project: 'no path' },
  });
  expect(updateExperiment).toMatchObject({ userErrors: [{ code: 'BAD_INPUT' }] });
  const read = () => client.query('query ($id: ID!) { experiment(id: $id) { name archived project } }', { id: experiment.id });
  expect(await read()).toEqual({ experiment: { name, archived: false, project: '/' } });
  await client.mutate(update, { ...input, project: '/sound' });
  expect(await read()).toEqual({ experiment: { name: input.name, archived: true, project: '/sound' } });
});

describe('rights', () => {
  const member = 'mutation ($input: CreateMemberInput!) { createMember(input: $input) { member { id } userErrors { message } } }';
  const token = 'mutation ($input: CreateTokenInput!) { createToken(input: $input) { token userErrors { message } } }';
  async function tokenOf(role: string, project: string, scope = 'all'): Promise<string> {
    const made = await server.client().mutate<{ member: { id: string } }>(member, { name: uniqueName(role), role, project });
    return (await server.client().mutate<{ token: string }>(token, { memberId: made.member.id, name: 't', scope })).token;
  }

  test('a viewer reads and writes nothing; a token to read neither', async () => {
    for (const text of [await tokenOf('viewer', '/'), await tokenOf('editor', '/', 'read')]) {
      const as = { authorization: `Bearer ${text}` };
      expect((await call('GET', 'experiments/get', { experiment_id: '0' }, as)).status).toBe(200);
      const refused = await call('POST', 'runs/create', { experiment_id: '0' }, as);
      expect([refused.status, refused.body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
    }
  });

  test('searches show what the caller may read, and ids of others are not there', async () => {
    const hidden = await anExperiment([{ key: 'tailrace.project', value: '/secret' }]);
    const shown = await anExperiment([{ key: 'tailrace.project', value: '/vision/detect' }]);
    const runId = await aRun(hidden);
    const as = { authorization: `Bearer ${await tokenOf('editor', '/vision')}` };
    const { body } = await call('POST', 'experiments/search', {}, as);
    expect((body['experiments'] as { experiment_id: string }[]).map((each) => each.experiment_id)).toEqual([shown]);
    expect((await call('GET', 'experiments/get', { experiment_id: hidden }, as)).status).toBe(404);
    expect((await call('GET', 'runs/get', { run_id: runId }, as)).status).toBe(404);
    expect((await call('POST', 'runs/search', { experiment_ids: [hidden] }, as)).body).toEqual({ runs: [] });
    expect((await call('POST', 'runs/set-tag', { run_id: runId, key: 'a', value: 'b' }, as)).status).toBe(403);
    // The same whether or not somebody has asked for the experiment before.
    const another = await anExperiment([{ key: 'tailrace.project', value: '/secret' }]);
    for (const id of [hidden, another]) expect((await call('POST', 'runs/create', { experiment_id: id }, as)).status).toBe(403);
    expect((await call('GET', `/api/2.0/mlflow-artifacts/artifacts/${hidden}/${runId}/artifacts/x`, undefined, as)).status).toBe(
      403,
    );
  });

  test('the GraphQL of the page has the rights of its token', async () => {
    const hidden = await anExperiment([{ key: 'tailrace.project', value: '/secret' }]);
    const ask = { query: `{ mlflowGetExperiment(input: { experimentId: "${hidden}" }) { experiment { experimentId } } }` };
    const as = { authorization: `Bearer ${await tokenOf('editor', '/vision')}` };
    expect((await call('POST', '/graphql', ask)).body).toEqual({
      data: { mlflowGetExperiment: { experiment: { experimentId: hidden } } },
      errors: null,
    });
    expect((await call('POST', '/graphql', ask, as)).body).toEqual({
      data: { mlflowGetExperiment: null },
      errors: [`No Experiment with id=${hidden} exists`],
    });
    const nobody = await call('POST', '/graphql', ask, { authorization: 'Bearer trl_nobody-that-there-is' });
    expect([nobody.status, nobody.body.error_code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('the workspace that a client names must be that of the token', async () => {
    expect((await call('GET', 'experiments/get', { experiment_id: '0' }, { 'x-mlflow-workspace': 'default' })).status).toBe(200);
    expect((await call('GET', 'experiments/get', { experiment_id: '0' }, { 'x-mlflow-workspace': 'other' })).status).toBe(403);
  });
});

test('one model of the world: what a client logs is in GraphQL at once', async () => {
  const experimentId = await anExperiment();
  const parent = await aRun(experimentId, { run_name: 'parent' });
  const child = await aRun(experimentId, { run_name: 'child', tags: [{ key: 'mlflow.parentRunId', value: parent }] });
  await call('POST', 'runs/log-metric', { run_id: child, key: 'acc', value: 0.5, timestamp: 5, step: 2 });
  await call('POST', 'runs/log-inputs', {
    run_id: child,
    datasets: [
      {
        tags: [{ key: 'mlflow.data.context', value: 'train' }],
        dataset: { name: 'd', digest: '1', source_type: 'local', source: 's' },
      },
    ],
  });
  expect((await call('POST', 'experiments/search-datasets', { experiment_ids: [experimentId] })).body).toEqual({
    dataset_summaries: [{ experiment_id: experimentId, name: 'd', digest: '1', context: 'train' }],
  });
  const { run } = await server
    .client()
    .query<{ run: object }>(
      'query ($id: ID!) { run(id: $id) { name experiment { number } children { edges { node { name metrics(keys: ["acc"]) { value step } loggedDatasets { name context } parent { id } } } } } }',
      { id: `run_${parent}` },
    );
  expect(run).toEqual({
    name: 'parent',
    experiment: { number: Number(experimentId) },
    children: {
      edges: [
        {
          node: {
            name: 'child',
            metrics: [{ value: 0.5, step: 2 }],
            loggedDatasets: [{ name: 'd', context: 'train' }],
            parent: { id: `run_${parent}` },
          },
        },
      ],
    },
  });
});
