import type { EventData } from '#contracts';
import { kindOfNode } from '../model/graph.js';
import { edge, edgeIf, part, type Rules } from './rule.js';

type Revision = { readonly revisionId: string; readonly endpointId: string };

const revisionIs = (state: string) => (data: Revision) => part([{ id: data.revisionId, within: data.endpointId, state }]);
const triggerIs =
  (state: string, gone?: boolean) =>
  ({ triggerId: id, name: label, project }: EventData<'trigger.created'>) =>
    part([{ id, label, project, state, gone }]);
const executionIs = (state: string) => (data: { readonly executionId: string; readonly triggerId: string }) =>
  part([{ id: data.executionId, within: data.triggerId, state }]);

/** What an execution has made rests on it. */
const made = (state: string) => (data: EventData<'trigger.acted'>) =>
  part(
    executionIs(state)(data).nodes,
    [data.outcome.jobId, data.outcome.revisionId, data.outcome.requestId].flatMap((id) =>
      id ? [edge(id, 'started_by', data.executionId)] : [],
    ),
  );

/** The id in `<kind>/<id>`, where it is a node's. */
function nodeOf(subject: string | undefined): string | null {
  const id = subject?.slice(subject.indexOf('/') + 1) ?? '';
  return kindOfNode(id) ? id : null;
}

export const SERVING_RULES: Rules = {
  'endpoint.created': ({ endpointId: id, name: label, project, modelId }) =>
    part([{ id, label, project }], [edge(id, 'follows', modelId)]),
  'deployment.created': ({ revisionId: id, endpointId, number, modelVersionId }) =>
    part(
      [{ id, label: `revision ${number}`, within: endpointId, state: 'PENDING' }],
      [edge(id, 'serves', modelVersionId), edge(id, 'revision_of', endpointId)],
    ),
  // An endpoint is what answers for it.
  'deployment.ready': (data) => part([...revisionIs('READY')(data).nodes, { id: data.endpointId, state: data.revisionId }]),
  'deployment.failed': revisionIs('FAILED'),
  'deployment.rolled_back': (data) => revisionIs('ROLLED_BACK')({ ...data, revisionId: data.fromRevisionId }),
  'trigger.created': triggerIs('ACTIVE'),
  'trigger.updated': ({ triggerId: id, name: label, project }) => part([{ id, label, project }]),
  'trigger.paused': triggerIs('PAUSED'),
  'trigger.resumed': triggerIs('ACTIVE'),
  'trigger.deleted': triggerIs('DELETED', true),
  'trigger.fired': ({ executionId: id, triggerId, subject }) => {
    const cause = nodeOf(subject);
    return part(
      [{ id, label: `execution ${id.slice(-6)}`, within: triggerId, state: 'FIRED' }],
      [edge(id, 'execution_of', triggerId), ...edgeIf(id, 'caused_by', cause === triggerId ? null : cause)],
    );
  },
  'trigger.acted': made('RUNNING'),
  'trigger.completed': made('COMPLETED'),
  'trigger.failed': executionIs('FAILED'),
};
