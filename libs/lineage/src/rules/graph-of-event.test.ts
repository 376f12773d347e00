import { describe, expect, it } from 'vitest';
import { EVENTS, type EventData, type EventName } from '#contracts';
import { kindOfNode } from '../model/graph.js';
import { DRAWN_NAMES, graphOfEvent } from './graph-of-event.js';
import { BLOB, DIFF, PINS, end, fired, flow, ids, job, life, logged, request, revision, trigger, version } from './testing.js';

interface Case<N extends EventName = EventName> {
  readonly data: EventData<N>;
  /** `<id> <relation> <id>`, sorted. */
  readonly edges?: readonly string[];
  /** `<id>=<state>`, with `!` where it is gone and `+` where it is back. */
  readonly states?: readonly string[];
}

/** One of each event that says something, and what it says. */
const CASES: { readonly [N in EventName]?: Case<N> } = {
  'dataset.created': { data: { datasetId: ids.ds, name: 'penguins', project: '/vision' } },
  'dataset_version.created': {
    data: { datasetId: ids.ds, versionId: ids.v2, number: 2, parentId: ids.v1, blob: BLOB },
    edges: [`${ids.v2} derived_from ${ids.v1}`, `${ids.v2} stored_as ${BLOB}`, `${ids.v2} version_of ${ids.ds}`],
    states: [`${ids.v2}=PENDING`],
  },
  'dataset_version.validated': {
    data: { datasetId: ids.ds, versionId: ids.v1, number: 1, parentId: null, rows: 3, warnings: 0 },
    states: [`${ids.v1}=VALIDATED`],
  },
  'dataset_version.validation_failed': {
    data: { datasetId: ids.ds, versionId: ids.v1, number: 1, reason: 'empty' },
    states: [`${ids.v1}=INVALID!`],
  },
  'dataset_version.retracted': {
    data: { datasetId: ids.ds, versionId: ids.v1, number: 1, reason: 'labels were swapped' },
    states: [`${ids.v1}=RETRACTED!`],
  },
  'experiment.created': { data: { experimentId: ids.exp, name: 'e', project: '/' } },
  'experiment.updated': { data: { experimentId: ids.exp, name: 'f' } },
  'experiment.deleted': { data: { experimentId: ids.exp }, states: [`${ids.exp}=!`] },
  'experiment.restored': { data: { experimentId: ids.exp }, states: [`${ids.exp}=+`] },
  'experiment.purged': { data: { experimentId: ids.exp, name: 'f' }, states: [`${ids.exp}=PURGED!`] },
  'run.started': {
    data: {
      ...end,
      datasetVersionIds: [ids.v1],
      name: 'r',
      parentId: ids.parent,
      code: { source: 'train.py', commit: 'abc' },
    },
    edges: [
      `${ids.run} part_of ${ids.exp}`,
      `${ids.run} part_of ${ids.parent}`,
      `${ids.run} ran code:train.py@abc`,
      `${ids.run} trained_on ${ids.v1}`,
    ],
    states: [`${ids.run}=RUNNING`],
  },
  'run.linked': {
    data: { ...life, datasets: [{ name: 'iris', digest: '12' }], inputs: [ids.lgm], outputs: [ids.lgm] },
    edges: [`${ids.lgm} logged_by ${ids.run}`, `${ids.run} used ${ids.lgm}`, `${ids.run} used logged_dataset:iris#12`],
  },
  'run.finished': { data: end, states: [`${ids.run}=FINISHED`] },
  'run.failed': { data: end, states: [`${ids.run}=FAILED`] },
  'run.killed': { data: end, states: [`${ids.run}=KILLED`] },
  'run.resumed': { data: end, states: [`${ids.run}=RUNNING`] },
  'run.updated': { data: { ...life, name: 'n' } },
  'run.deleted': { data: life, states: [`${ids.run}=!`] },
  'run.restored': { data: life, states: [`${ids.run}=+`] },
  'run.purged': { data: life, states: [`${ids.run}=PURGED!`] },
  'logged_model.created': {
    data: { ...logged, name: 'm', runId: ids.run },
    edges: [`${ids.lgm} logged_by ${ids.run}`],
    states: [`${ids.lgm}=PENDING`],
  },
  'logged_model.updated': {
    data: { ...logged, code: { source: null, commit: 'abc', branch: 'main', dirty: true, diff: DIFF } },
    edges: [`diff:${DIFF} changes code:git@abc`, `${ids.lgm} built_from code:git@abc`, `${ids.lgm} built_with diff:${DIFF}`],
  },
  'logged_model.ready': { data: logged, states: [`${ids.lgm}=READY`] },
  'logged_model.failed': { data: logged, states: [`${ids.lgm}=FAILED`] },
  'logged_model.deleted': { data: logged, states: [`${ids.lgm}=!`] },
  'logged_model.purged': { data: logged, states: [`${ids.lgm}=PURGED!`] },
  'template.created': {
    data: { templateId: ids.tpl, name: 't', project: '/', revision: 1 },
    edges: [`${ids.tpl}@1 revision_of ${ids.tpl}`],
  },
  'template.updated': {
    data: { templateId: ids.tpl, name: 't', project: '/', revision: 2 },
    edges: [`${ids.tpl}@2 derived_from ${ids.tpl}@1`, `${ids.tpl}@2 revision_of ${ids.tpl}`],
  },
  'training_job.queued': {
    data: {
      jobId: ids.job,
      runId: ids.run,
      templateId: ids.tpl,
      templateRevision: 2,
      datasetVersionId: ids.v1,
      preparation: { digest: 'p', label: 'impute median' },
      split: { digest: 's', label: '70/15/15' },
      reproduces: ids.parent,
    },
    edges: [
      `${ids.job} configured_by ${ids.tpl}@2`,
      `${ids.run} made_by ${ids.job}`,
      `${ids.run} prepared_by preparation:p`,
      `${ids.run} reproduces ${ids.parent}`,
      `${ids.run} split_by split:${ids.v1}:s`,
      `split:${ids.v1}:s split_of ${ids.v1}`,
      `${ids.tpl}@2 revision_of ${ids.tpl}`,
    ],
    states: [`${ids.job}=QUEUED`],
  },
  'training_job.started': {
    data: { ...job, attempt: 2, runner: 'r', resumedFrom: 5 },
    edges: [
      `attempt:${ids.job}#2 attempt_of ${ids.job}`,
      `attempt:${ids.job}#2 resumed_from checkpoint:${ids.job}@5`,
      `${ids.run} computed_in attempt:${ids.job}#2`,
    ],
    states: [`${ids.job}=RUNNING`, `attempt:${ids.job}#2=RUNNING`],
  },
  'training_job.checkpointed': {
    data: { ...job, epoch: 5, blob: BLOB },
    edges: [`checkpoint:${ids.job}@5 stored_as ${BLOB}`, `checkpoint:${ids.job}@5 written_by attempt:${ids.job}#1`],
  },
  'training_job.retrying': {
    data: { ...job, reason: 'lost' },
    states: [`${ids.job}=QUEUED`, `attempt:${ids.job}#1=FAILED`],
  },
  'training_job.succeeded': {
    data: {
      ...job,
      datasetVersionId: ids.v1,
      registerAs: null,
      code: 'tailrace 1',
      engine: 'tfjs',
      backend: 'cpu',
      environment: { digest: 'e', label: 'node v24' },
    },
    edges: [
      `environment:e holds engine:tfjs on cpu`,
      `${ids.run} computed_by engine:tfjs on cpu`,
      `${ids.run} ran code:tailrace 1`,
      `${ids.run} ran_in environment:e`,
    ],
    states: [`${ids.job}=SUCCEEDED`, `attempt:${ids.job}#1=SUCCEEDED`],
  },
  'training_job.failed': { data: { ...job, reason: 'x' }, states: [`${ids.job}=FAILED`, `attempt:${ids.job}#1=FAILED`] },
  'training_job.canceled': { data: { ...job, attempt: 0 }, states: [`${ids.job}=CANCELED`] },
  'model.created': { data: { modelId: ids.mdl, name: 'm', project: '/' } },
  'model.updated': { data: { modelId: ids.mdl, name: 'n', prompt: false } },
  'model.deleted': { data: { modelId: ids.mdl, name: 'n', prompt: false }, states: [`${ids.mdl}=!`] },
  'model.flow_changed': {
    data: { modelId: ids.mdl, name: 'n', prompt: false, flowId: ids.flw, flowRevision: 1 },
    edges: [`${ids.mdl} governed_by ${ids.flw}`],
  },
  'stage_flow.created': { data: flow, states: [`${ids.flw}=revision 2`] },
  'stage_flow.updated': { data: flow, states: [`${ids.flw}=revision 2`] },
  'stage_flow.deleted': { data: flow, states: [`${ids.flw}=!`] },
  'model_version.created': {
    data: { ...version, runId: ids.run, datasetVersionId: ids.v1, loggedModelId: ids.lgm },
    edges: [
      `${ids.mdv} produced_by ${ids.run}`,
      `${ids.mdv} registered_from ${ids.lgm}`,
      `${ids.mdv} trained_on ${ids.v1}`,
      `${ids.mdv} version_of ${ids.mdl}`,
    ],
    states: [`${ids.mdv}=none`],
  },
  'model_version.evaluated': {
    data: { ...version, evaluationId: 'evl_1', datasetVersionId: ids.v2 },
    edges: [`${ids.mdv} evaluated_on ${ids.v2}`],
  },
  'model_version.deleted': { data: { ...version, name: 'm', prompt: false }, states: [`${ids.mdv}=!`] },
  'model_version.scanned': {
    data: {
      ...version,
      outcome: 'clean',
      formats: [{ name: 'onnx', blobs: [BLOB] }],
      environmentFiles: [{ path: 'requirements.txt', blob: PINS }],
    },
    edges: [
      `format:${ids.mdv}:onnx stored_as ${BLOB}`,
      `lockfile:${PINS} stored_as ${PINS}`,
      `${ids.mdv} held_as format:${ids.mdv}:onnx`,
      `${ids.mdv} locked_by lockfile:${PINS}`,
    ],
  },
  'model_version.stage_requested': {
    data: request,
    edges: [`${ids.mdv} requested_in ${ids.req}`],
    states: [`${ids.req}=REQUESTED`],
  },
  'model_version.gates_evaluated': {
    data: {
      ...request,
      passed: false,
      gates: [
        { text: 'f1_macro at least 0.8', outcome: 'failed' },
        { text: 'data valid', outcome: 'passed' },
      ],
    },
    edges: [`${ids.req} judged_by gate:${ids.req}:1`, `${ids.req} judged_by gate:${ids.req}:2`],
    states: [`${ids.req}=BLOCKED`, `gate:${ids.req}:1=failed`, `gate:${ids.req}:2=passed`],
  },
  'model_version.request_expired': { data: { ...request, reason: 'x' }, states: [`${ids.req}=STALE`] },
  'model_version.approved': {
    data: { ...request, by: ids.mem },
    edges: [`${ids.req} approved_by approval:${ids.req}:${ids.mem}`],
    states: [`approval:${ids.req}:${ids.mem}=approved`],
  },
  'model_version.rejected': {
    data: { ...request, by: ids.mem },
    edges: [`${ids.req} rejected_by approval:${ids.req}:${ids.mem}`],
    states: [`approval:${ids.req}:${ids.mem}=rejected`, `${ids.req}=REJECTED`],
  },
  'model_version.stage_changed': {
    data: { ...version, from: 'none', to: 'production', requestId: ids.req },
    edges: [`${ids.mdv} promoted_by ${ids.req}`],
    states: [`${ids.mdv}=production`, `${ids.req}=DONE`],
  },
  'endpoint.created': {
    data: { endpointId: ids.end, name: 'e', project: '/', modelId: ids.mdl, stage: 'production' },
    edges: [`${ids.end} follows ${ids.mdl}`],
  },
  'deployment.created': {
    data: revision,
    edges: [`${ids.rev} revision_of ${ids.end}`, `${ids.rev} serves ${ids.mdv}`],
    states: [`${ids.rev}=PENDING`],
  },
  'deployment.ready': { data: { ...revision, nodeId: 'n' }, states: [`${ids.end}=${ids.rev}`, `${ids.rev}=READY`] },
  'deployment.failed': { data: { ...revision, nodeId: 'n', reason: 'x' }, states: [`${ids.rev}=FAILED`] },
  'deployment.rolled_back': {
    data: { ...revision, fromRevisionId: ids.old, reason: 'x' },
    states: [`${ids.old}=ROLLED_BACK`],
  },
  'trigger.created': { data: trigger, states: [`${ids.trg}=ACTIVE`] },
  'trigger.updated': { data: trigger },
  'trigger.paused': { data: trigger, states: [`${ids.trg}=PAUSED`] },
  'trigger.resumed': { data: trigger, states: [`${ids.trg}=ACTIVE`] },
  'trigger.deleted': { data: trigger, states: [`${ids.trg}=DELETED!`] },
  'trigger.fired': {
    data: { ...fired, subject: `dataset_version/${ids.v1}` },
    edges: [`${ids.exe} caused_by ${ids.v1}`, `${ids.exe} execution_of ${ids.trg}`],
    states: [`${ids.exe}=FIRED`],
  },
  'trigger.acted': {
    data: { ...fired, outcome: { jobId: ids.job } },
    edges: [`${ids.job} started_by ${ids.exe}`],
    states: [`${ids.exe}=RUNNING`],
  },
  'trigger.completed': {
    data: { ...fired, outcome: { revisionId: ids.rev, requestId: ids.req } },
    edges: [`${ids.rev} started_by ${ids.exe}`, `${ids.req} started_by ${ids.exe}`],
    states: [`${ids.exe}=COMPLETED`],
  },
  'trigger.failed': { data: { ...fired, reason: 'x' }, states: [`${ids.exe}=FAILED`] },
};

describe('graphOfEvent', () => {
  it('is tried with every event that it has a rule for', () => {
    expect(Object.keys(CASES).sort()).toEqual([...DRAWN_NAMES].sort());
  });

  it.each(Object.entries(CASES) as [EventName, Case][])('%s', (name, { data, edges = [], states = [] }) => {
    expect(EVENTS[name].safeParse(data).error).toBeUndefined();
    const part = graphOfEvent({ name, data });
    const said = part.nodes.filter((node) => node.state !== undefined || node.gone !== undefined);
    const sign = (gone: boolean | undefined) => (gone === undefined ? '' : gone ? '!' : '+');
    expect(part.edges.map(({ from, relation, to }) => `${from} ${relation} ${to}`).sort()).toEqual([...edges].sort());
    expect(said.map(({ id, state, gone }) => `${id}=${state ?? ''}${sign(gone)}`).sort()).toEqual([...states].sort());
    for (const id of [...part.nodes.map((node) => node.id), ...part.edges.flatMap(({ from, to }) => [from, to])])
      expect(kindOfNode(id)).toBeDefined();
  });

  it('takes events of before these fields, and ids of other servers', () => {
    const old = graphOfEvent({ name: 'run.started', data: { ...end, datasetVersionIds: [] } });
    expect(old.edges).toEqual([{ from: ids.run, relation: 'part_of', to: ids.exp }]);
    const foreign = { ...version, runId: 'f00', datasetVersionId: null, loggedModelId: 'm-1' };
    expect(graphOfEvent({ name: 'model_version.created', data: foreign }).edges).toHaveLength(1);
    expect(graphOfEvent({ name: 'trigger.fired', data: { ...fired, subject: `trigger/${ids.trg}` } }).edges).toHaveLength(1);
  });
});
