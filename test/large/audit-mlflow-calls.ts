import { uniqueName } from '#testing';
import type { Fixtures } from './audit-kit.js';

/** Routes that write and leave no row, each with why. */
export const UNAUDITED_RPCS: Readonly<Record<string, string>> = {
  LogMetric: 'ingest',
  LogParam: 'ingest',
  SetTag: 'ingest',
  LogBatch: 'ingest',
  LogModel: 'ingest',
  UploadRunArtifact: 'ingest: content',
  UploadArtifact: 'ingest: content',
  CreateMultipartUpload: 'ingest: content',
  CompleteMultipartUpload: 'ingest: content',
  AbortMultipartUpload: 'ingest: content',
  CreatePresignedUploadUrl: 'ingest: content',
  ChangeWorkspace: 'always refused',
};

interface Call {
  readonly path: string;
  readonly method: string;
  readonly body?: object;
}

const api = (method: string, path: string, body: object = {}): Call => ({ method, path: `/api/2.0/mlflow/${path}`, body });
const hex = (id: string) => id.slice(4);

/** A call of each route that writes, with real input. */
export const MLFLOW_CALLS: Readonly<Record<string, (kit: Fixtures) => Promise<Call>>> = {
  CreateExperiment: async () => api('POST', 'experiments/create', { name: uniqueName('mlflow') }),
  UpdateExperiment: async (kit) =>
    api('POST', 'experiments/update', { experiment_id: await number(kit), new_name: uniqueName('new') }),
  DeleteExperiment: async (kit) => api('POST', 'experiments/delete', { experiment_id: await number(kit) }),
  RestoreExperiment: async (kit) => {
    const experiment_id = await number(kit);
    await send(kit, api('POST', 'experiments/delete', { experiment_id }));
    return api('POST', 'experiments/restore', { experiment_id });
  },
  SetExperimentTag: async (kit) =>
    api('POST', 'experiments/set-experiment-tag', { experiment_id: await number(kit), key: 'a', value: 'b' }),
  DeleteExperimentTag: async (kit) => {
    const experiment_id = await number(kit);
    await send(kit, api('POST', 'experiments/set-experiment-tag', { experiment_id, key: 'a', value: 'b' }));
    return api('POST', 'experiments/delete-experiment-tag', { experiment_id, key: 'a' });
  },
  CreateRun: async (kit) => api('POST', 'runs/create', { experiment_id: await number(kit) }),
  UpdateRun: async (kit) => api('POST', 'runs/update', { run_id: hex(await kit.run()), status: 'FINISHED' }),
  DeleteRun: async (kit) => api('POST', 'runs/delete', { run_id: hex(await kit.run()) }),
  RestoreRun: async (kit) => {
    const run_id = hex(await kit.run());
    await send(kit, api('POST', 'runs/delete', { run_id }));
    return api('POST', 'runs/restore', { run_id });
  },
  LogInputs: async (kit) => {
    const dataset = { name: 'iris', digest: '12ab', source_type: 'local', source: 'iris.csv' };
    return api('POST', 'runs/log-inputs', { run_id: hex(await kit.run()), datasets: [{ dataset }] });
  },
  LogOutputs: async (kit) =>
    api('POST', 'runs/outputs', { run_id: hex(await kit.run()), models: [{ model_id: await loggedModel(kit), step: 0 }] }),
  DeleteTag: async (kit) =>
    api('POST', 'runs/delete-tag', { run_id: hex(await kit.run({ tags: [{ key: 'a', value: 'b' }] })), key: 'a' }),
  DeleteArtifact: async (kit) => {
    const path = `/api/2.0/mlflow-artifacts/artifacts/${uniqueName('folder')}/x`;
    const answer = await kit.client.fetch(path, {
      method: 'PUT',
      body: 'content',
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
    return { method: 'DELETE', path };
  },
  CreateLoggedModel: async (kit) => api('POST', 'logged-models', { experiment_id: await number(kit), name: 'm' }),
  FinalizeLoggedModel: async (kit) => {
    const model_id = await loggedModel(kit);
    return api('PATCH', `logged-models/${model_id}`, { model_id, status: 'LOGGED_MODEL_READY' });
  },
  DeleteLoggedModel: async (kit) => api('DELETE', `logged-models/${await loggedModel(kit)}`),
  SetLoggedModelTags: async (kit) =>
    api('PATCH', `logged-models/${await loggedModel(kit)}/tags`, { tags: [{ key: 'a', value: 'b' }] }),
  DeleteLoggedModelTag: async (kit) => {
    const id = await loggedModel(kit, { tags: [{ key: 'a', value: 'b' }] });
    return api('DELETE', `logged-models/${id}/tags/a`);
  },
  LogLoggedModelParams: async (kit) =>
    api('POST', `logged-models/${await loggedModel(kit)}/params`, { params: [{ key: 'a', value: 'b' }] }),
  CreateRegisteredModel: async () => api('POST', 'registered-models/create', { name: uniqueName('registered') }),
  RenameRegisteredModel: async (kit) =>
    api('POST', 'registered-models/rename', { name: await named(kit), new_name: uniqueName('renamed') }),
  UpdateRegisteredModel: async (kit) => api('PATCH', 'registered-models/update', { name: await named(kit), description: 'new' }),
  DeleteRegisteredModel: async (kit) => api('DELETE', 'registered-models/delete', { name: await named(kit) }),
  SetRegisteredModelTag: async (kit) =>
    api('POST', 'registered-models/set-tag', { name: await named(kit), key: 'a', value: 'b' }),
  DeleteRegisteredModelTag: async (kit) => {
    const name = await named(kit);
    await send(kit, api('POST', 'registered-models/set-tag', { name, key: 'a', value: 'b' }));
    return api('DELETE', 'registered-models/delete-tag', { name, key: 'a' });
  },
  SetRegisteredModelAlias: async (kit) => {
    const { model: name, number: version } = await kit.version();
    return api('POST', 'registered-models/alias', { name, alias: 'best', version });
  },
  DeleteRegisteredModelAlias: async (kit) => {
    const { model: name, number: version } = await kit.version();
    await send(kit, api('POST', 'registered-models/alias', { name, alias: 'best', version }));
    return api('DELETE', 'registered-models/alias', { name, alias: 'best' });
  },
  CreateModelVersion: async (kit) =>
    api('POST', 'model-versions/create', { name: await named(kit), source: `s3://elsewhere/${uniqueName('source')}` }),
  UpdateModelVersion: async (kit) => api('PATCH', 'model-versions/update', { ...(await version(kit)), description: 'new' }),
  DeleteModelVersion: async (kit) => api('DELETE', 'model-versions/delete', await version(kit)),
  TransitionModelVersionStage: async (kit) =>
    api('POST', 'model-versions/transition-stage', {
      ...(await version(kit)),
      stage: 'Staging',
      archive_existing_versions: false,
    }),
  SetModelVersionTag: async (kit) => api('POST', 'model-versions/set-tag', { ...(await version(kit)), key: 'a', value: 'b' }),
  DeleteModelVersionTag: async (kit) => {
    const of = await version(kit);
    await send(kit, api('POST', 'model-versions/set-tag', { ...of, key: 'a', value: 'b' }));
    return api('DELETE', 'model-versions/delete-tag', { ...of, key: 'a' });
  },
  CreateWebhook: async () =>
    api('POST', 'webhooks', {
      name: uniqueName('hook'),
      url: 'https://example.com/',
      events: [{ entity: 'PROMPT', action: 'CREATED' }],
      status: 'DISABLED',
    }),
  UpdateWebhook: async (kit) => api('PATCH', `webhooks/${await kit.webhook()}`, { description: 'new' }),
  DeleteWebhook: async (kit) => api('DELETE', `webhooks/${await kit.webhook()}`),
  TestWebhook: async (kit) => api('POST', `webhooks/${await kit.webhook({ url: 'https://unknown.invalid/' })}/test`),
};

async function number(kit: Fixtures): Promise<string> {
  const query = 'query ($id: ID!) { experiment(id: $id) { number } }';
  const { experiment } = await kit.client.query<{ experiment: { number: number } }>(query, { id: await kit.experiment() });
  return String(experiment.number);
}

const named = async (kit: Fixtures) => kit.nameOf('model', await kit.model());
const loggedModel = async (kit: Fixtures, more: object = {}) => `m-${hex(await kit.loggedModel(more))}`;

/** A version of a model whose stages anybody may set. */
async function version(kit: Fixtures): Promise<{ name: string; version: string }> {
  const name = uniqueName('free');
  await send(kit, api('POST', 'registered-models/create', { name }));
  const source = `s3://elsewhere/${uniqueName('source')}`;
  const { model_version } = await kit.rest<{ model_version: { version: string } }>(
    'POST',
    '/api/2.0/mlflow/model-versions/create',
    { name, source },
  );
  return { name, version: model_version.version };
}

function send(kit: Fixtures, { method, path, body = {} }: Call): Promise<object> {
  return kit.rest(method, path, body);
}
