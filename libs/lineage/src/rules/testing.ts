import { newId } from '#kernel';

/** Ids and payloads of events about one story, for tests. */
export const ids = {
  ds: newId('dataset'),
  v1: newId('datasetVersion'),
  v2: newId('datasetVersion'),
  exp: newId('experiment'),
  run: newId('run'),
  parent: newId('run'),
  tpl: newId('template'),
  job: newId('trainingJob'),
  lgm: newId('loggedModel'),
  mdl: newId('model'),
  mdv: newId('modelVersion'),
  req: newId('stageRequest'),
  flw: newId('stageFlow'),
  mem: newId('member'),
  end: newId('endpoint'),
  rev: newId('revision'),
  old: newId('revision'),
  trg: newId('trigger'),
  exe: newId('execution'),
};
export const BLOB = 'a'.repeat(64);
export const PINS = 'b'.repeat(64);
export const DIFF = 'c'.repeat(64);

export const request = { modelId: ids.mdl, versionId: ids.mdv, number: 1, requestId: ids.req, stage: 'production' };
export const version = { modelId: ids.mdl, versionId: ids.mdv, number: 1 };
export const revision = { endpointId: ids.end, revisionId: ids.rev, number: 1, modelVersionId: ids.mdv };
export const job = { jobId: ids.job, runId: ids.run, attempt: 1 };
export const life = { runId: ids.run, experimentId: ids.exp };
export const end = { ...life, jobId: null };
export const logged = { loggedModelId: ids.lgm, experimentId: ids.exp };
export const flow = { flowId: ids.flw, name: 'strict', revision: 2 };
export const trigger = { triggerId: ids.trg, name: 'retrain', project: '/' };
export const fired = { triggerId: ids.trg, executionId: ids.exe, eventId: 'evt_1' };
