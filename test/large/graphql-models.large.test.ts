import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatform, uniqueName, type Client, type Server } from '#testing';
import { DELETE, modelsKit, mutation, outcomeOf, SEARCH, type Model, type ModelsKit, type Page } from './graphql-models-kit.js';

/** Logged models: one world, told in GraphQL's words and in MLflow's. */
let server: Server;
let kit: ModelsKit;
let client: Client;
let experimentId: string;
let runId: string;
beforeAll(async () => {
  server = await startPlatform();
  kit = await modelsKit(server);
  ({ client, experimentId, runId } = kit);
}, 60_000);
afterAll(() => server?.stop());

describe('a logged model', () => {
  test('is made, finished, tagged and deleted; MLflow sees the same', async () => {
    const made = await kit.aModel('churn', {
      modelType: 'sklearn',
      params: [{ key: 'depth', value: '3' }],
      tags: [{ key: 'team', value: 'blue' }],
    });
    expect(made).toMatchObject({
      name: 'churn',
      modelType: 'sklearn',
      status: 'PENDING',
      statusMessage: null,
      deleted: false,
      experiment: { id: experimentId },
      sourceRun: { id: runId, name: 'maker' },
      params: [{ key: 'depth', value: '3' }],
      tags: [{ key: 'team', value: 'blue' }],
      metrics: [],
      artifacts: [],
    });
    const change = async (name: string, input: object) =>
      (await client.mutate<{ loggedModel: Model }>(mutation(name), { loggedModelId: made.id, ...input })).loggedModel;
    for (const status of ['READY', 'UPLOAD_FAILED', 'READY'])
      expect(await change('finalizeLoggedModel', { status })).toMatchObject({ status });
    const params = [
      { key: 'depth', value: '4' },
      { key: 'lr', value: '0.1' },
    ];
    expect(await change('logLoggedModelParams', { params })).toMatchObject({ params });
    const tagged = await change('setLoggedModelTags', {
      tags: [
        { key: 'team', value: 'red' },
        { key: 'old', value: 'x' },
      ],
    });
    expect(Date.parse(tagged.updatedAt)).toBeGreaterThan(Date.parse(made.updatedAt));
    await change('deleteLoggedModelTag', { key: 'old' });
    expect(
      await outcomeOf(client, mutation('deleteLoggedModelTag'), { input: { loggedModelId: made.id, key: 'old' } }),
    ).toMatchObject({
      code: 'NOT_FOUND',
      field: 'key',
    });
    await kit.measure(made.id, 'auc', 'NaN', { step: 7, dataset_name: 'holdout', dataset_digest: 'd1' });
    expect(await kit.seen(made.id)).toMatchObject({
      tags: [{ key: 'team', value: 'red' }],
      metrics: [
        {
          key: 'auc',
          value: null,
          text: 'NaN',
          step: 7,
          timestamp: 1000,
          datasetName: 'holdout',
          datasetDigest: 'd1',
          run: { id: runId },
        },
      ],
    });
    const { model } = (await kit.mlflow('GET', `logged-models/${kit.modelId(made.id)}`)).body;
    expect(model).toMatchObject({
      info: {
        name: 'churn',
        model_type: 'sklearn',
        status: 'LOGGED_MODEL_READY',
        source_run_id: kit.hex(runId),
        tags: [{ key: 'team', value: 'red' }],
      },
      data: { params, metrics: [{ key: 'auc', value: 'NaN', step: 7, dataset_name: 'holdout', dataset_digest: 'd1' }] },
    });
    expect(await client.query(DELETE, { id: made.id })).toMatchObject({
      deleteLoggedModel: { loggedModel: { id: made.id, deleted: true }, userErrors: [] },
    });
    expect((await kit.mlflow('GET', `logged-models/${kit.modelId(made.id)}`)).status).toBe(404);
    expect(await kit.found({ where: { name: { eq: 'churn' } } })).toEqual([]);
    expect(
      await outcomeOf(client, mutation('setLoggedModelTags'), { input: { loggedModelId: made.id, tags: [] } }),
    ).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('that an MLflow client made is here, and what one edge refuses as a name, the other does too', async () => {
    const create = (name: string) =>
      kit.mlflow('POST', 'logged-models', {
        experiment_id: kit.experimentNumber,
        name,
        source_run_id: kit.hex(runId),
        params: [{ key: 'a', value: 'b' }],
      });
    const { model } = (await create('from-python')).body;
    const id = `lgm_${(model.info.model_id as string).slice(2)}`;
    expect(await kit.seen(id)).toMatchObject({
      name: 'from-python',
      params: [{ key: 'a', value: 'b' }],
      sourceRun: { id: runId },
    });
    expect((await create('')).body.model.info.name).not.toBe('');
    expect(await outcomeOf(client, mutation('createLoggedModel'), { input: { experimentId, name: '' } })).toMatchObject({
      code: 'BAD_INPUT',
    });
    for (const name of ['a/b', 'a:b', 'a.b', "a'b"]) {
      expect((await create(name)).body).toMatchObject({ error_code: 'INVALID_PARAMETER_VALUE' });
      expect(await outcomeOf(client, mutation('createLoggedModel'), { input: { experimentId, name } })).toEqual({
        code: 'BAD_INPUT',
        field: 'name',
      });
    }
    const nowhere = `run_${'0'.repeat(32)}`;
    expect(
      await outcomeOf(client, mutation('createLoggedModel'), { input: { experimentId, name: 'x', sourceRunId: nowhere } }),
    ).toEqual({
      code: 'NOT_FOUND',
      field: 'sourceRunId',
    });
  });
});

describe('the search', () => {
  const names = ['m1', 'm2', 'm3', 'm4', 'm5'];
  let ids: string[];
  beforeAll(async () => {
    ids = [];
    for (const [i, name] of names.entries()) {
      const tags = [{ key: 'stage', value: i % 2 ? 'odd' : 'even' }];
      const params = [{ key: 'depth', value: String(i * 5) }];
      ids.push((await kit.aModel(name, { tags, params, modelType: i < 2 ? 'torch' : 'sklearn' })).id);
      if (i < 4) await kit.measure(ids[i]!, 'f1', i / 10, { dataset_name: i < 2 ? 'train' : 'holdout', dataset_digest: `d${i}` });
    }
    // A second measurement of m1, on other data.
    await kit.measure(ids[0]!, 'f1', 0.9, { step: 1, dataset_name: 'holdout', dataset_digest: 'd9' });
    await client.mutate(mutation('finalizeLoggedModel'), { loggedModelId: ids[4]!, status: 'READY' });
  });

  const mine = (where: object) => ({ where: { name: { like: 'm_' }, ...where }, orderBy: [{ field: 'NAME' }] });
  test.each<[string, object, string[]]>([
    ['a metric', { metrics: [{ key: 'f1', value: { gte: 0.2 } }] }, ['m1', 'm3', 'm4']],
    ['one measurement between two bounds', { metrics: [{ key: 'f1', value: { gt: 0.05, lt: 0.5 } }] }, ['m2', 'm3', 'm4']],
    ['a metric on a data set', { metrics: [{ key: 'f1', value: { lt: 0.3 }, dataset: { name: 'holdout' } }] }, ['m3']],
    ['and on a version of it', { metrics: [{ key: 'f1', dataset: { name: 'holdout', digest: 'd9' } }] }, ['m1']],
    ['a metric that is there', { metrics: [{ key: 'f1' }] }, ['m1', 'm2', 'm3', 'm4']],
    ['a tag', { tags: [{ key: 'stage', eq: 'odd' }] }, ['m2', 'm4']],
    ['a tag that is there', { tags: [{ key: 'team' }] }, []],
    ['a param as a number', { params: [{ key: 'depth', gte: 10 }] }, ['m3', 'm4', 'm5']],
    ['a param as a text', { params: [{ key: 'depth', in: ['5', '20'] }] }, ['m2', 'm5']],
    ['a status', { status: ['READY'] }, ['m5']],
    ['a type', { modelType: { ilike: 'TOR%' } }, ['m1', 'm2']],
    ['a time', { createdAt: { to: '2001-01-01T00:00:00Z' } }, []],
    ['not', { not: { tags: [{ key: 'stage', eq: 'odd' }] } }, ['m1', 'm3', 'm5']],
    ['or', { or: [{ status: ['READY'] }, { metrics: [{ key: 'f1', value: { eq: 0.1 } }] }] }, ['m2', 'm5']],
  ])('finds by %s', async (_what, where, expected) => {
    expect(await kit.found(mine(where))).toEqual(expected);
  });

  test('finds by the run that made it', async () => {
    const other = await kit.aRun();
    const { name } = await kit.aModel('of-another-run', { sourceRunId: other });
    expect(await kit.found({ where: { sourceRunId: other } })).toEqual([name]);
  });

  test('goes on exactly where a page ended, in the order asked for, and MLflow finds the same', async () => {
    const orderBy = [{ metric: 'f1', direction: 'DESC' }];
    const pages: string[][] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: { loggedModels: Page<Model> } = await client.query(SEARCH, {
        experimentIds: [experimentId],
        ...mine({}),
        orderBy,
        first: 2,
        after,
      });
      pages.push(page.loggedModels.edges.map(({ node }) => node.name));
      ({ hasNextPage: more, endCursor: after } = page.loggedModels.pageInfo);
    }
    expect(pages).toEqual([['m1', 'm4'], ['m3', 'm2'], ['m5']]);
    const onTrain = [{ metric: 'f1', dataset: { name: 'train' }, direction: 'DESC' }];
    expect((await kit.found({ ...mine({}), orderBy: onTrain })).slice(0, 2)).toEqual(['m2', 'm1']);
    const answer = await kit.mlflow('POST', 'logged-models/search', {
      experiment_ids: [kit.experimentNumber],
      filter: "name LIKE 'm_' AND metrics.f1 >= 0.2",
      order_by: [{ field_name: 'metrics.f1', ascending: false }],
    });
    expect((answer.body.models as { info: { name: string } }[]).map(({ info }) => info.name)).toEqual(['m1', 'm4', 'm3']);
  });

  test('refuses a cursor of another order, a muddled order and a filter without end', async () => {
    const { loggedModels } = await client.query<{ loggedModels: Page<Model> }>(SEARCH, { first: 1, ...mine({}) });
    const code = async (question: object) => (await client.graphql(SEARCH, question as never)).errors?.[0]?.extensions;
    expect(await code({ after: loggedModels.pageInfo.endCursor })).toMatchObject({ code: 'BAD_INPUT', field: 'after' });
    expect(await code({ orderBy: [{}] })).toMatchObject({ code: 'BAD_INPUT', field: 'orderBy.0' });
    expect(await code({ where: { or: Array.from({ length: 101 }, () => ({ status: ['READY'] })) } })).toMatchObject({
      code: 'BAD_INPUT',
      field: 'where',
    });
  });

  test('without experiments it looks in all, but for those in the trash; a run knows its own', async () => {
    const trashed = await kit.anExperiment();
    const name = uniqueName('trashed');
    await kit.aModel(name, { experimentId: trashed, sourceRunId: null });
    const where = { name: { eq: name } };
    expect(await kit.found({ experimentIds: null, where })).toEqual([name]);
    await client.query('mutation ($id: ID!) { deleteExperiment(experimentId: $id) { userErrors { code } } }', { id: trashed });
    expect(await kit.found({ experimentIds: null, where })).toEqual([]);
    expect(await kit.found({ experimentIds: [], where: {} })).toEqual([]);
    const maker = await kit.aRun();
    const made = [await kit.aModel('first', { sourceRunId: maker }), await kit.aModel('second', { sourceRunId: maker })];
    const gone = await kit.aModel('gone', { sourceRunId: maker });
    await client.query(DELETE, { id: gone.id });
    const query =
      'query ($id: ID!, $after: String) { run(id: $id) { loggedModels(first: 1, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } } }';
    const page = async (after?: string | null) =>
      (await client.query<{ run: { loggedModels: Page<Model> } }>(query, { id: maker, after })).run.loggedModels;
    const one = await page();
    expect(one).toMatchObject({ edges: [{ node: { id: made[1]!.id } }], pageInfo: { hasNextPage: true } });
    expect(await page(one.pageInfo.endCursor)).toMatchObject({
      edges: [{ node: { id: made[0]!.id } }],
      pageInfo: { hasNextPage: false },
    });
  });
});
