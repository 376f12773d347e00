import { NO_STAGE } from '#contracts';
import { kindOfId } from '#kernel';
import { edge, edgeIf, part, type Rules } from './rule.js';

type Request = {
  readonly requestId: string;
  readonly versionId: string;
  readonly modelId: string;
  readonly stage: string;
};

const requestIs = (state: string) => (data: Request) => part([{ id: data.requestId, within: data.modelId, state }]);
const flow = ({ flowId: id, name: label, revision }: { flowId: string; name: string; revision: number }) =>
  part([{ id, label, state: `revision ${revision}` }]);

function decided(data: Request & { readonly by: string; readonly name?: string }, state: 'approved' | 'rejected') {
  const id = `approval:${data.requestId}:${data.by}`;
  return part(
    [{ id, label: `${state} by ${data.name ?? data.by}`, within: data.modelId, state }],
    [edge(data.requestId, `${state}_by`, id)],
  );
}

export const MODEL_RULES: Rules = {
  'model.created': ({ modelId: id, name: label, project }) => part([{ id, label, project }]),
  'model.updated': ({ modelId: id, name: label }) => part([{ id, label }]),
  'model.deleted': ({ modelId: id }) => part([{ id, gone: true }]),
  'model.flow_changed': ({ modelId: id, flowId }) => part([], edgeIf(id, 'governed_by', flowId)),
  'stage_flow.created': flow,
  'stage_flow.updated': flow,
  'stage_flow.deleted': ({ flowId: id }) => part([{ id, gone: true }]),
  'model_version.created': ({ versionId: id, modelId, number, runId, datasetVersionId, loggedModelId }) =>
    part(
      [{ id, label: `version ${number}`, within: modelId, state: NO_STAGE }],
      [
        edge(id, 'version_of', modelId),
        // A client may name a run of another server.
        ...edgeIf(id, 'produced_by', runId && kindOfId(runId) === 'run' ? runId : null),
        ...edgeIf(id, 'registered_from', loggedModelId && kindOfId(loggedModelId) === 'loggedModel' ? loggedModelId : null),
        ...edgeIf(id, 'trained_on', datasetVersionId),
      ],
    ),
  'model_version.evaluated': ({ versionId: id, datasetVersionId }) => part([], edgeIf(id, 'evaluated_on', datasetVersionId)),
  'model_version.deleted': ({ versionId: id, modelId }) => part([{ id, within: modelId, gone: true }]),
  'model_version.scanned': ({ versionId: id, modelId, formats = [], environmentFiles = [] }) =>
    part(
      [
        ...formats.map(({ name }) => ({ id: `format:${id}:${name}`, label: name, within: modelId })),
        ...environmentFiles.map(({ path, blob }) => ({ id: `lockfile:${blob}`, label: path })),
      ],
      [
        ...formats.flatMap(({ name, blobs }) => [
          edge(id, 'held_as', `format:${id}:${name}`),
          ...blobs.map((blob) => edge(`format:${id}:${name}`, 'stored_as', blob)),
        ]),
        ...environmentFiles.flatMap(({ blob }) => [
          edge(id, 'locked_by', `lockfile:${blob}`),
          edge(`lockfile:${blob}`, 'stored_as', blob),
        ]),
      ],
    ),
  'model_version.stage_requested': ({ versionId, requestId: id, modelId, stage, number }) =>
    part(
      [{ id, label: `request for version ${number} in ${stage}`, within: modelId, state: 'REQUESTED' }],
      [edge(versionId, 'requested_in', id)],
    ),
  'model_version.gates_evaluated': (data) => {
    const gates = (data.gates ?? []).map(({ text, outcome }, place) => ({
      id: `gate:${data.requestId}:${place + 1}`,
      label: text,
      within: data.modelId,
      state: outcome,
    }));
    return part(
      [...requestIs(data.passed ? 'PASSED' : 'BLOCKED')(data).nodes, ...gates],
      gates.map(({ id }) => edge(data.requestId, 'judged_by', id)),
    );
  },
  'model_version.request_expired': requestIs('STALE'),
  'model_version.approved': (data) => decided(data, 'approved'),
  'model_version.rejected': (data) => {
    const said = decided(data, 'rejected');
    return part([...said.nodes, { id: data.requestId, state: 'REJECTED' }], said.edges);
  },
  'model_version.stage_changed': ({ versionId: id, modelId, to, requestId }) =>
    part(
      [{ id, within: modelId, state: to }, ...(requestId ? [{ id: requestId, within: modelId, state: 'DONE' }] : [])],
      edgeIf(id, 'promoted_by', requestId),
    ),
};
