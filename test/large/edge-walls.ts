import { beforeAll, describe, expect, test } from 'vitest';
import { aDataset, ask, aTemplate, aTraining, jobWhen, quickSpec, uniqueName, until, type Client, type Server } from '#testing';
import { anotherWorkspace, type Edge } from './edge-support.js';

/** What one workspace may know of another: nothing. */
export function wallsSuite(edge: () => Edge): void {
  describe('the walls between workspaces', { timeout: 60_000 }, () => {
    let server: Server;
    let client: Client;
    let data: Edge['data'];
    beforeAll(() => {
      ({ server, client, data } = edge());
    });

    /** A table of each kind of thing that has an id of its own. */
    const TABLES = [
      'member',
      'dataset',
      'dataset_version',
      'experiment',
      'run',
      'logged_model',
      'training_template',
      'training_job',
      'model',
      'model_version',
      'stage_request',
      'endpoint',
      'trigger',
      'webhook',
    ];
    let stranger: Client;
    let ids: Record<string, string>;

    beforeAll(async () => {
      const name = uniqueName('model');
      const templateId = await aTemplate(client, { datasetId: data.datasetId, spec: quickSpec(), registerAs: name });
      const job = await aTraining(client, templateId);
      const { modelVersions } = await jobWhen(client, job.id, 'has a version', (view) => view.modelVersions.length > 0);
      const [model] = await ask<{ id: string }>(server.databaseUrl, 'select id from model where name = $1', [name]);
      await client.mutate(
        'mutation ($input: RequestStageInput!) { requestStage(input: $input) { userErrors { code message } } }',
        {
          versionId: modelVersions[0]!.id,
          stage: 'staging',
        },
      );
      const follows = { modelId: model!.id, stage: 'production' };
      await client.mutate(
        'mutation ($input: CreateEndpointInput!) { createEndpoint(input: $input) { userErrors { code message } } }',
        { name: uniqueName('endpoint'), follows },
      );
      const trigger = {
        name: uniqueName('trigger'),
        filter: { event: 'dataset_version.validated', equals: { datasetId: 'none' } },
        action: { kind: 'start_training', templateId },
      };
      await client.mutate(
        'mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { userErrors { code message } } }',
        trigger,
      );
      const [run] = await ask<{ id: string; experiment_id: string }>(
        server.databaseUrl,
        'select id, experiment_id from run order by id desc limit 1',
      );
      await client.mutate(
        'mutation ($input: CreateLoggedModelInput!) { createLoggedModel(input: $input) { userErrors { code message } } }',
        { experimentId: run!.experiment_id, sourceRunId: run!.id, name: 'ours' },
      );
      await client.mutate(
        'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { userErrors { code message } } }',
        { name: uniqueName('webhook'), url: 'https://example.com/', events: ['PROMPT_CREATED'], status: 'DISABLED' },
      );
      const found = await Promise.all(
        TABLES.map((table) => ask<{ id: string }>(server.databaseUrl, `select id from ${table} order by id desc limit 1`)),
      );
      ids = Object.fromEntries(TABLES.map((table, index) => [table, found[index]![0]!.id]));
      stranger = await anotherWorkspace(server);
    });

    test('node and nodes find what is ours, and nothing of it for another workspace', async () => {
      const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
      const ours = await client.query<{ nodes: ({ id: string } | null)[] }>(query, { ids: Object.values(ids) });
      expect(ours.nodes.map((node) => node?.id)).toEqual(Object.values(ids));
      const theirs = await stranger.query<{ nodes: unknown[] }>(query, { ids: Object.values(ids) });
      expect(theirs.nodes).toEqual(TABLES.map(() => null));
      for (const id of Object.values(ids))
        expect(await stranger.query('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null });
    });

    test('typed fields, lists, files, lineage and the log hold nothing of it', async () => {
      const typed = await stranger.query(
        'query ($r: ID!, $j: ID!, $v: ID!) { run(id: $r) { id } trainingJob(id: $j) { id } datasetVersion(id: $v) { id } }',
        {
          r: ids['run'],
          j: ids['training_job'],
          v: ids['dataset_version'],
        },
      );
      expect(typed).toEqual({ run: null, trainingJob: null, datasetVersion: null });
      const lists = [
        'datasets',
        'datasetVersions',
        'experiments',
        'runs',
        'loggedModels',
        'trainingTemplates',
        'trainingJobs',
        'models',
        'modelVersions',
        'stageRequests',
        'endpoints',
        'triggers',
        'webhooks',
      ];
      for (const list of lists)
        expect(await stranger.query(`{ ${list} { edges { node { id } } } }`)).toEqual({ [list]: { edges: [] } });
      expect(
        await stranger.query(`{ events(first: 1000) { id } deadJobs { eventId } members { edges { node { name } } } }`),
      ).toEqual({
        events: [],
        deadJobs: [],
        members: { edges: [{ node: { name: 'stranger' } }] },
      });
      // That it was read is its own.
      expect(await stranger.query(`{ audit { edges { node { action } } } }`)).toEqual({
        audit: { edges: [{ node: { action: 'audit.read' } }] },
      });
      const filtered =
        'query ($e: ID!, $m: ID!) { runs(where: { experimentId: $e }) { edges { node { id } } } modelVersions(where: { modelId: $m }) { edges { node { id } } } }';
      expect(await stranger.query(filtered, { e: ids['experiment'], m: ids['model'] })).toEqual({
        runs: { edges: [] },
        modelVersions: { edges: [] },
      });
      const [blob] = await ask<{ sha256: string }>(server.databaseUrl, 'select sha256 from blob limit 1');
      expect((await client.fetch(`/v1/blobs/${blob!.sha256}`)).status).toBe(200);
      expect((await stranger.fetch(`/v1/blobs/${blob!.sha256}`)).status).toBe(404);
      const lineage = await stranger.graphql<{ lineage: { edges: unknown[] } }>(
        'query ($id: ID!) { lineage(id: $id) { edges { to } } }',
        { id: ids['model_version'] },
      );
      expect(lineage.data?.lineage.edges ?? []).toEqual([]);
    });

    test('nothing of it can be used or changed', async () => {
      const refused: [string, object][] = [
        ['startTraining(input: $input) { userErrors { code } }', { templateId: ids['training_template'] }],
        [
          'createDatasetVersion(input: $input) { userErrors { code } }',
          { datasetId: ids['dataset'], blob: 'a'.repeat(64), format: 'CSV' },
        ],
        ['createRun(input: $input) { userErrors { code } }', { experimentId: ids['experiment'], name: 'x' }],
        ['logRun(input: $input) { userErrors { code } }', { runId: ids['run'], tags: [{ key: 'a', value: 'b' }] }],
        ['finishRun(input: $input) { userErrors { code } }', { runId: ids['run'], status: 'FAILED' }],
        ['finalizeLoggedModel(input: $input) { userErrors { code } }', { loggedModelId: ids['logged_model'], status: 'READY' }],
        [
          'logArtifacts(input: $input) { userErrors { code } }',
          { ownerId: ids['run'], artifacts: [{ path: 'x', blob: 'a'.repeat(64) }] },
        ],
        ['deleteArtifacts(input: $input) { userErrors { code } }', { ownerId: ids['logged_model'], path: '' }],
        ['updateWebhook(input: $input) { userErrors { code } }', { webhookId: ids['webhook'], description: 'x' }],
        ['testWebhook(input: $input) { userErrors { code } }', { webhookId: ids['webhook'] }],
        ['rotateWebhookSecret(input: $input) { userErrors { code } }', { webhookId: ids['webhook'] }],
        ['replayDeliveries(input: $input) { userErrors { code } }', { webhookId: ids['webhook'], states: ['FAILED'] }],
        ['requestStage(input: $input) { userErrors { code } }', { versionId: ids['model_version'], stage: 'staging' }],
        ['approveStage(input: $input) { userErrors { code } }', { requestId: ids['stage_request'] }],
        [
          'createEndpoint(input: $input) { userErrors { code } }',
          { name: uniqueName('endpoint'), follows: { modelId: ids['model'], stage: 'production' } },
        ],
        ['createToken(input: $input) { userErrors { code } }', { name: 'x', memberId: ids['member'] }],
        [
          'updateTrainingTemplate(input: $input) { userErrors { code } }',
          { templateId: ids['training_template'], spec: quickSpec() },
        ],
      ];
      for (const [field, input] of refused) {
        const name = /^\w+/.exec(field)![0];
        const type =
          {
            startTraining: 'StartTraining',
            createDatasetVersion: 'CreateDatasetVersion',
            approveStage: 'Decide',
            updateTrainingTemplate: 'UpdateTemplate',
          }[name] ?? name[0]!.toUpperCase() + name.slice(1);
        const answer = await stranger.graphql<Record<string, { userErrors: { code: string }[] }>>(
          `mutation ($input: ${type}Input!) { ${field} }`,
          { input },
        );
        expect({ name, code: answer.data?.[name]?.userErrors[0]?.code ?? answer.errors?.[0] }).toEqual({
          name,
          code: 'NOT_FOUND',
        });
      }
      const cancel = await stranger.graphql<{ cancelTraining: { userErrors: { code: string }[] } }>(
        'mutation ($id: ID!) { cancelTraining(jobId: $id) { userErrors { code } } }',
        { id: ids['training_job'] },
      );
      expect(cancel.data?.cancelTraining.userErrors[0]?.code).toBe('NOT_FOUND');
    });

    test('subscriptions: no curve of it, and no event', async () => {
      const socket = await stranger.socket();
      const curve = await socket.run('subscription ($id: ID!) { runMetrics(runId: $id) { step } }', { id: ids['run'] });
      expect(curve.errors[0]?.extensions?.code).toBe('NOT_FOUND');
      const all = 'subscription { events(after: "0") { subject } }';
      const before = socket.start<{ subject: string }>(all);
      await aDataset(client);
      const own = await aDataset(stranger);
      const after = socket.start<{ subject: string }>(all);
      const isIn = (values: readonly { subject: string }[]) => values.some(({ subject }) => subject === `dataset/${own}`);
      await until('its own event came', async () => isIn(before.values) && isIn(after.values), 10_000);
      const [workspace] = await ask<{ id: string }>(server.databaseUrl, 'select workspace_id as id from dataset where id = $1', [
        own,
      ]);
      for (const { subject } of [...before.values, ...after.values])
        expect([`dataset/${own}`, `workspace/${workspace!.id}`]).toContain(subject);
      socket.drop();
    });
  });
}
