import type { FoundRun, RunDetails } from '#tracking';
import { fromLoggedModelId, fromRunId } from './ids.js';

const quote = JSON.stringify;
export const tagJson = (key: string, value: string): string => `{"key":${quote(key)},"value":${quote(value)}}`;

export function runArtifactUri(run: Pick<FoundRun, 'id' | 'experimentNumber' | 'artifactLocation'>): string {
  return placeIn(run.artifactLocation ?? `mlflow-artifacts:/${run.experimentNumber}`, `${fromRunId(run.id)}/artifacts`);
}

/** A folder of a place, which may have a query. */
export function placeIn(root: string, folder: string): string {
  const at = root.indexOf('?');
  return at < 0 ? `${root}/${folder}` : `${root.slice(0, at)}/${folder}${root.slice(at)}`;
}

/** What MLflow shows of a run. */
export type ShownRun = Omit<FoundRun, 'num' | 'revision' | 'archived' | 'beats' | 'heardAt' | 'jobId' | 'experimentId'>;

/** Text of a RunInfo message. */
export function infoJson(run: ShownRun): string {
  const id = quote(fromRunId(run.id));
  const end = run.endedAt ? `,"end_time":${run.endedAt.getTime()}` : '';
  return `{"run_id":${id},"run_uuid":${id},"run_name":${quote(run.name)},"experiment_id":"${run.experimentNumber}","user_id":${quote(run.userName)},"status":"${run.status}","start_time":${run.startedAt.getTime()}${end},"artifact_uri":${quote(runArtifactUri(run))},"lifecycle_stage":"${run.deleted ? 'deleted' : 'active'}"}`;
}

/** Text of a Run message: its items are written out as the server made them. */
export function runJson(run: ShownRun, details: RunDetails): string {
  // The platform keeps name and parent as attributes of the run; MLflow's clients read them as tags.
  const own = [
    tagJson('mlflow.runName', run.name),
    ...(run.parentId ? [tagJson('mlflow.parentRunId', fromRunId(run.parentId))] : []),
  ];
  const tags = `${details.tags}${details.tags === '' ? '' : ','}${own.join()}`;
  return `{"info":${infoJson(run)},"data":{"metrics":[${details.metrics}],"params":[${details.params}],"tags":[${tags}]},"inputs":${inputsJson(details)},"outputs":${outputsJson(details)}}`;
}

function inputsJson({ datasets, modelInputs }: RunDetails): string {
  if (datasets.length === 0 && modelInputs.length === 0) return '{"dataset_inputs":[],"model_inputs":[]}';
  const sets = datasets.map(({ name, digest, sourceType, source, schema, profile, tags }) => ({
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    dataset: { name, digest, source_type: sourceType, source, schema: schema ?? undefined, profile: profile ?? undefined },
  }));
  return JSON.stringify({ dataset_inputs: sets, model_inputs: modelInputs.map((id) => ({ model_id: fromLoggedModelId(id) })) });
}

function outputsJson({ modelOutputs }: RunDetails): string {
  if (modelOutputs.length === 0) return '{"model_outputs":[]}';
  return JSON.stringify({
    model_outputs: modelOutputs.map(({ modelId, step }) => ({ model_id: fromLoggedModelId(modelId), step: Number(step) })),
  });
}
