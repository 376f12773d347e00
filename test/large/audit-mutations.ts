import {
  aDataset,
  aMember,
  ask,
  aTemplate,
  aToken,
  aTraining,
  aVersion,
  jobWhen,
  penguinsCsv,
  quickSpec,
  slowSpec,
  uniqueName,
  until,
} from '#testing';
import type { Fixtures } from './audit-kit.js';

/** Mutations that leave no row, each with why: what is logged to a run that goes on is said by the run's end, with counts. */
export const UNAUDITED: Readonly<Record<string, string>> = {
  heartbeatRun: 'says that a client lives',
  logRun: 'ingest',
  logRunLines: 'ingest',
  logArtifacts: 'ingest',
};

interface Call {
  readonly variables: Record<string, unknown>;
  readonly token?: string;
}

/** The smallest flow that there is. */
const FLOW = { stages: [{ name: 'live', holds: 'many', from: ['none'], gates: [], approvals: 0 }] };

const input = (value: object): Call => ({ variables: { input: value } });
const tags = [{ key: 'a', value: 'b' }];
const pair = { key: 'a', value: 'b' };

/** A call of each mutation with real input: what it is called on is made anew. */
export const MUTATIONS: Readonly<
  Record<string, (kit: Fixtures, data: { datasetId: string; versionId: string }) => Promise<Call>>
> = {
  createWorkspace: async () => input({ name: uniqueName('workspace') }),
  createMember: async () => input({ name: uniqueName('member'), role: 'viewer' }),
  grantRole: async (kit) => input({ memberId: await kit.member(), role: 'viewer', project: '/vision' }),
  withdrawRole: async (kit) => input({ memberId: await kit.member() }),
  removeMember: async (kit) => ({ variables: { memberId: await kit.member() } }),
  createToken: async (kit) => input({ name: 'audited', memberId: await kit.member() }),
  revokeToken: async (kit) => ({ variables: { tokenId: (await aToken(kit.client, await kit.member())).tokenId } }),
  createDataset: async () => input({ name: uniqueName('data') }),
  createDatasetVersion: async ({ client }) =>
    input({ datasetId: await aDataset(client), blob: await client.upload('a,b\n1,x\n2,y\n'), format: 'CSV' }),
  retractDatasetVersion: async ({ client }) => {
    const { id: versionId } = await aVersion(client, await aDataset(client), penguinsCsv());
    return input({ versionId, reason: 'labels were swapped' });
  },
  compareDatasetVersions: async ({ client }, { versionId }) => {
    const other = await aVersion(client, await aDataset(client), penguinsCsv());
    return input({ versionId: other.id, againstId: versionId });
  },
  rebuildLineage: async () => ({ variables: { check: false } }),
  createExperiment: async () => input({ name: uniqueName('experiment') }),
  updateExperiment: async (kit) => input({ experimentId: await kit.experiment(), tags }),
  deleteExperiment: async (kit) => ({ variables: { experimentId: await kit.experiment() } }),
  restoreExperiment: async (kit) => {
    const experimentId = await kit.experiment();
    await kit.client.query('mutation ($id: ID!) { deleteExperiment(experimentId: $id) { userErrors { code } } }', {
      id: experimentId,
    });
    return { variables: { experimentId } };
  },
  purgeExperiment: async (kit) => {
    const experimentId = await kit.experiment();
    await kit.client.query('mutation ($id: ID!) { deleteExperiment(experimentId: $id) { userErrors { code } } }', {
      id: experimentId,
    });
    return { variables: { experimentId } };
  },
  createRun: async (kit) => input({ experimentId: await kit.experiment(), name: 'r' }),
  updateRun: async (kit) => input({ runId: await kit.run(), name: 'renamed' }),
  finishRun: async (kit) => input({ runId: await kit.run(), status: 'FINISHED' }),
  resumeRun: async (kit) => ({ variables: { runId: await kit.endedRun() } }),
  rewindRun: async (kit) => ({ variables: { runId: await kit.run(), step: 1 } }),
  deleteRun: async (kit) => ({ variables: { runId: await kit.run() } }),
  restoreRun: async (kit) => {
    const runId = await kit.run();
    await kit.client.query('mutation ($id: ID!) { deleteRun(runId: $id) { userErrors { code } } }', { id: runId });
    return { variables: { runId } };
  },
  purgeRun: async (kit) => {
    const runId = await kit.run();
    await kit.client.query('mutation ($id: ID!) { deleteRun(runId: $id) { userErrors { code } } }', { id: runId });
    return { variables: { runId } };
  },
  deleteRunTag: async (kit) => ({ variables: { runId: await kit.run({ tags }), key: 'a' } }),
  deleteArtifacts: async (kit) => {
    const ownerId = await kit.run();
    const artifacts = [{ path: 'x', blob: await kit.client.upload(uniqueName('file')) }];
    await kit.client.mutate(
      'mutation ($input: LogArtifactsInput!) { logArtifacts(input: $input) { userErrors { code message } } }',
      {
        ownerId,
        artifacts,
      },
    );
    return input({ ownerId, path: '' });
  },
  createLoggedModel: async (kit) => input({ experimentId: await kit.experiment(), name: 'm' }),
  finalizeLoggedModel: async (kit) => input({ loggedModelId: await kit.loggedModel(), status: 'READY' }),
  deleteLoggedModel: async (kit) => ({ variables: { loggedModelId: await kit.loggedModel() } }),
  logLoggedModelParams: async (kit) => input({ loggedModelId: await kit.loggedModel(), params: [pair] }),
  setLoggedModelTags: async (kit) => input({ loggedModelId: await kit.loggedModel(), tags }),
  deleteLoggedModelTag: async (kit) => input({ loggedModelId: await kit.loggedModel({ tags }), key: 'a' }),
  createTrainingTemplate: async (_kit, { datasetId }) => input({ name: uniqueName('template'), datasetId, spec: quickSpec() }),
  updateTrainingTemplate: async ({ client }, { datasetId }) =>
    input({ templateId: await aTemplate(client, { datasetId, spec: quickSpec() }), spec: quickSpec({ maxEpochs: 3 }) }),
  startTraining: async ({ client }, { datasetId }) =>
    input({ templateId: await aTemplate(client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) }) }),
  reproduceRun: async ({ client }, { datasetId }) => {
    const { id, runId } = await aTraining(client, await aTemplate(client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) }));
    await jobWhen(client, id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    return input({ runId });
  },
  cancelTraining: async ({ client }, { datasetId }) => {
    const { id: jobId } = await aTraining(client, await aTemplate(client, { datasetId, spec: slowSpec() }));
    // What is queued ends at once, which `training_job.canceled` says anyway.
    await jobWhen(client, jobId, 'runs', ({ state }) => state === 'RUNNING');
    return { variables: { jobId } };
  },
  createModel: async () => input({ name: uniqueName('model') }),
  updateModel: async (kit) => input({ id: await kit.model(), description: 'new' }),
  updateModelVersion: async (kit) => input({ id: (await kit.version()).id, description: 'new' }),
  rotateCheckSecret: async () => input({ graceHours: 0 }),
  evaluateModelVersion: async ({ client }, { datasetId }) => {
    const templateId = await aTemplate(client, {
      datasetId,
      spec: quickSpec({ maxEpochs: 1 }),
      registerAs: uniqueName('measured'),
    });
    const { id } = await aTraining(client, templateId);
    const { modelVersions } = await jobWhen(client, id, 'has a version', (view) => view.modelVersions.length > 0);
    return input({ versionId: modelVersions[0]!.id });
  },
  deleteModelVersion: async (kit) => input({ id: (await kit.version()).id }),
  setModelAlias: async (kit) => input({ versionId: (await kit.version()).id, alias: 'best' }),
  removeModelAlias: async (kit) => {
    const modelId = await kit.model();
    await kit.made('setModelAlias', 'modelVersion', { versionId: (await kit.version(modelId)).id, alias: 'best' });
    return input({ modelId, alias: 'best' });
  },
  requestStage: async (kit) => input({ versionId: (await kit.version()).id, stage: 'staging' }),
  approveStage: async (kit) => ({
    ...input({ requestId: await kit.awaiting(), comment: 'good' }),
    token: (await aMember(kit.client, 'approver')).token,
  }),
  rejectStage: async (kit) => ({
    ...input({ requestId: await kit.awaiting() }),
    token: (await aMember(kit.client, 'approver')).token,
  }),
  createStageFlow: async () => input({ name: uniqueName('flow'), flow: FLOW }),
  updateStageFlow: async (kit) =>
    input({
      id: await kit.made('createStageFlow', 'stageFlow', { name: uniqueName('flow'), flow: FLOW }),
      revision: 1,
      description: 'new',
    }),
  deleteStageFlow: async (kit) =>
    input({ id: await kit.made('createStageFlow', 'stageFlow', { name: uniqueName('flow'), flow: FLOW }) }),
  setModelFlow: async (kit) => input({ modelId: await kit.model(), flow: FLOW }),
  forceStage: async (kit) =>
    input({ versionId: (await kit.version()).id, stage: 'production', reason: 'the one that serves is broken' }),
  createEndpoint: async (kit) =>
    input({ name: uniqueName('endpoint'), follows: { modelId: await kit.model(), stage: 'production' } }),
  deployModelVersion: async (kit, { datasetId }) => {
    const { endpointId, versionIds } = await servedTwice(kit, datasetId);
    return input({ endpointId, versionId: versionIds[0] });
  },
  rollBackEndpoint: async (kit, { datasetId }) =>
    input({ endpointId: (await servedTwice(kit, datasetId)).endpointId, reason: 'the new one answers nonsense' }),
  createTrigger: async ({ client }, { datasetId }) =>
    input({
      name: uniqueName('trigger'),
      filter: { event: 'dataset_version.validated', equals: { datasetId: 'none' } },
      action: { kind: 'start_training', templateId: await aTemplate(client, { datasetId, spec: quickSpec() }) },
    }),
  updateTrigger: async (kit, data) => input({ triggerId: await aTrigger(kit, data), cooldownSeconds: 60 }),
  takeOverTrigger: async (kit, data) => ({ variables: { triggerId: await aTrigger(kit, data) } }),
  pauseTrigger: async (kit, data) => ({ variables: { triggerId: await aTrigger(kit, data) } }),
  resumeTrigger: async (kit, data) => {
    const triggerId = await aTrigger(kit, data);
    await kit.client.query('mutation ($id: ID!) { pauseTrigger(triggerId: $id) { userErrors { code } } }', { id: triggerId });
    return { variables: { triggerId } };
  },
  deleteTrigger: async (kit, data) => ({ variables: { triggerId: await aTrigger(kit, data) } }),
  rotateTriggerSecret: async (kit, data) =>
    input({
      triggerId: await aTrigger(kit, data, { kind: 'incoming', where: { field: 'data.ref', op: 'eq', value: 'main' } }),
      kind: 'INCOMING',
    }),
  replayTriggerExecution: async (kit, data) => {
    const name = uniqueName('replayed');
    const triggerId = await aTrigger(kit, data, { event: 'dataset.created', equals: { name } });
    await aDataset(kit.client, name);
    const ended = `select id from trigger_execution where trigger_id = $1 and state in ('COMPLETED', 'FAILED')`;
    const [execution] = await until('it has fired', async () => {
      const rows = await ask<{ id: string }>(kit.server.databaseUrl, ended, [triggerId]);
      return rows.length > 0 && rows;
    });
    return { variables: { executionId: execution!.id } };
  },
  createWebhook: async () =>
    input({ name: uniqueName('hook'), url: 'https://example.com/', events: ['PROMPT_CREATED'], status: 'DISABLED' }),
  updateWebhook: async (kit) => input({ webhookId: await kit.webhook(), description: 'new' }),
  deleteWebhook: async (kit) => ({ variables: { webhookId: await kit.webhook() } }),
  testWebhook: async (kit) => input({ webhookId: await kit.webhook({ url: 'https://unknown.invalid/' }) }),
  redeliverWebhook: async (kit) => {
    const webhookId = await kit.webhook({
      status: 'ACTIVE',
      url: 'https://unknown.invalid/',
      events: ['REGISTERED_MODEL_CREATED'],
    });
    await kit.model();
    // An attempt that goes on at this moment would write what came of it.
    const fail = `update webhook_delivery set state = 'FAILED', done_at = now() where webhook_id = $1 and attempts > 0 and lease is null returning id`;
    const rows = await until('a delivery has failed once', async () => {
      const failed = await ask<{ id: string }>(kit.server.databaseUrl, fail, [webhookId]);
      return failed.length > 0 && failed;
    });
    return { variables: { deliveryId: rows[0]!.id } };
  },
  rotateWebhookSecret: async (kit) => input({ webhookId: await kit.webhook({ events: undefined, types: ['*'] }) }),
  replayDeliveries: async (kit) =>
    input({ webhookId: await kit.webhook({ status: 'ACTIVE', url: 'https://unknown.invalid/' }), states: ['FAILED'] }),
  replayDeadJob: async (kit) => {
    const sql = `insert into inbox (subscriber, event_id, state, reason) select 'dataset-registry.validate', e.id, 'dead', 'for the test' from event_log e
      where e.type = 'io.tailrace.dataset_version.created.v1' order by e.pos limit 1
      on conflict (subscriber, event_id) do update set state = 'dead' returning event_id`;
    const [row] = await ask<{ event_id: string }>(kit.server.databaseUrl, sql);
    return { variables: { subscriber: 'dataset-registry.validate', eventId: row!.event_id } };
  },
};

/** A trigger that starts a short training; it hears of nothing unless the filter says so. */
async function aTrigger(
  kit: Fixtures,
  { datasetId }: { datasetId: string },
  filter: object = { event: 'dataset_version.validated', equals: { datasetId: 'none' } },
): Promise<string> {
  const templateId = await aTemplate(kit.client, { datasetId, spec: quickSpec({ maxEpochs: 1 }) });
  return kit.made('createTrigger', 'trigger', {
    name: uniqueName('trigger'),
    filter,
    action: { kind: 'start_training', templateId },
  });
}

/** An endpoint that has served one version of its model and now serves another. */
async function servedTwice(kit: Fixtures, datasetId: string): Promise<{ endpointId: string; versionIds: [string, string] }> {
  const name = uniqueName('served');
  const modelId = await kit.model({ name, productionGates: [] });
  const templateId = await aTemplate(kit.client, { datasetId, spec: quickSpec(), registerAs: name });
  const serve = async () => {
    const job = await aTraining(kit.client, templateId);
    const { modelVersions } = await jobWhen(kit.client, job.id, 'has a version', (view) => view.modelVersions.length > 0);
    const versionId = modelVersions[0]!.id;
    await kit.made('forceStage', 'modelVersion', { versionId, stage: 'production', reason: 'a test of what is served' });
    return versionId;
  };
  const first = await serve();
  const endpointId = await kit.made('createEndpoint', 'endpoint', { name, follows: { modelId, stage: 'production' } });
  const ready = (versionId: string) =>
    until('the node serves it', async () => {
      const [row] = await ask(
        kit.server.databaseUrl,
        "select 1 from endpoint_revision where endpoint_id = $1 and model_version_id = $2 and state = 'READY'",
        [endpointId, versionId],
      );
      return row;
    });
  await ready(first);
  const second = await serve();
  await ready(second);
  return { endpointId, versionIds: [first, second] };
}
