import {
  errorOf,
  jobType,
  lineageName,
  MODEL_TYPE,
  taggedBy,
  uuidOf,
  type EventData,
  type GateResult,
  type LineageRunState,
  type OpenLineageEvent,
} from '#contracts';
import { dataOf, modelOf } from './described-data.js';
import { describedRun } from './described-run.js';
import type { LineageKit, LineageRules } from './lineage-kit.js';

type OfRequest = { readonly versionId: string; readonly requestId: string; readonly stage: string };

const STATUS = { passed: 'pass', failed: 'fail', unknown: 'skip' } as const;

/** Gates as tests of the run that is a request for a stage: what a gate looks at, what it wanted and what it saw. */
function testsOf(gates: readonly GateResult[]): object | undefined {
  const tests = gates.map(({ gate: { kind, ...params }, outcome, message, observed }) => ({
    name: [kind, 'metric' in params ? params.metric : undefined].filter(Boolean).join(' '),
    status: STATUS[outcome],
    severity: 'error',
    type: kind,
    description: message,
    ...(observed === null ? {} : { actual: String(observed) }),
    ...(Object.keys(params).length === 0 ? {} : { params }),
  }));
  return tests.length === 0 ? undefined : { tests };
}

/** A request for a stage is a run of the model's job for that stage: it starts once and ends once. */
async function request(
  kit: LineageKit,
  { versionId, requestId, stage }: OfRequest,
  state: LineageRunState,
  more: { readonly reason?: string; readonly stands?: string } = {},
): Promise<OpenLineageEvent | undefined> {
  const version = await kit.facts.modelVersion(versionId);
  if (!version) return undefined;
  const { write, time } = kit;
  const gates = state === 'START' ? [] : ((await kit.facts.verdict(requestId))?.gates ?? []);
  const errorMessage = more.reason === undefined ? undefined : errorOf(more.reason);
  const run = write.run(uuidOf(requestId), {
    test: testsOf(gates),
    errorMessage,
    ...taggedBy({ 'tailrace.request': requestId }),
  });
  const job = write.job(
    { project: version.project, name: lineageName('model', version.model, 'stage', stage) },
    jobType('PROMOTION'),
  );
  const input = modelOf(write, version, more.stands === undefined ? {} : { stage: more.stands });
  return write.runEvent(time, state, run, job, { inputs: [input] });
}

/** Files of a version are measured on data that are named, or on its own: that is a run, whose id is the evaluation's. */
async function evaluation(
  { write, facts, time }: LineageKit,
  data: EventData<'model_version.evaluated'>,
  state: LineageRunState,
  reason?: string,
): Promise<OpenLineageEvent | undefined> {
  const version = await facts.modelVersion(data.versionId);
  if (!version) return undefined;
  const measured = data.datasetVersionId ?? version.datasetVersionId;
  const sets = measured === null ? [] : await facts.data([measured]);
  const errorMessage = reason === undefined ? undefined : errorOf(reason);
  const run = write.run(uuidOf(data.evaluationId), { errorMessage, ...taggedBy({ 'tailrace.evaluation': data.evaluationId }) });
  const place = { project: version.project, name: lineageName('model', version.model, 'evaluate') };
  const inputs = [modelOf(write, version), ...sets.map((set) => dataOf(write, set))];
  return write.runEvent(time, state, run, write.job(place, jobType('EVALUATION')), { inputs });
}

const blocked = (gates: readonly GateResult[]) =>
  gates.find(({ outcome }) => outcome !== 'passed')?.message ?? 'a gate was not passed';

/** A version that came into its stage by its own request ends that; one that made room for it, or was moved without one, is a change of data alone. */
async function moved(kit: LineageKit, data: EventData<'model_version.stage_changed'>): Promise<OpenLineageEvent | undefined> {
  const { versionId, requestId, to } = data;
  const asked = requestId === null ? undefined : await kit.facts.verdict(requestId);
  if (requestId !== null && asked?.versionId === versionId)
    return request(kit, { versionId, requestId, stage: asked.stage }, 'COMPLETE', { stands: to });
  const version = await kit.facts.modelVersion(versionId);
  return version && kit.write.datasetEvent(kit.time, modelOf(kit.write, version, { stage: to }));
}

/** A version of a run of ours is one more end of the run's job, since the run may have ended; any other is data alone. */
async function registered(
  kit: LineageKit,
  { versionId }: EventData<'model_version.created'>,
): Promise<OpenLineageEvent | undefined> {
  const version = await kit.facts.modelVersion(versionId);
  if (!version) return undefined;
  const run = version.runId ? await describedRun(kit, version.runId) : undefined;
  if (!run) return kit.write.datasetEvent(kit.time, modelOf(kit.write, version));
  return kit.write.jobEvent(kit.time, run.job, { inputs: run.inputs, outputs: run.outputs });
}

/** A change of a model itself. */
function changed({ write, time }: LineageKit, place: { name: string; project: string }, change: object, description?: string) {
  const documentation = description ? { description } : undefined;
  const facets = { lifecycleStateChange: change, documentation, ...MODEL_TYPE };
  return write.datasetEvent(time, write.dataset({ project: place.project, name: lineageName('model', place.name) }, facets));
}

export const MODEL_RULES: LineageRules = {
  'model.created': async (kit, { description, ...place }) => changed(kit, place, { lifecycleStateChange: 'CREATE' }, description),
  'model.updated': async (kit, { modelId, name, previousName }) => {
    const model = await kit.facts.model(modelId);
    if (!model) return undefined;
    if (previousName === undefined) return changed(kit, { ...model, name }, { lifecycleStateChange: 'ALTER' });
    const before = kit.write.dataset({ project: model.project, name: lineageName('model', previousName) });
    return changed(kit, { ...model, name }, { lifecycleStateChange: 'RENAME', previousIdentifier: before });
  },
  'model.deleted': async (kit, { name, project }) =>
    project === undefined ? undefined : changed(kit, { name, project }, { lifecycleStateChange: 'DROP' }),
  'model_version.created': registered,
  'model_version.evaluation_requested': (kit, data) => evaluation(kit, data, 'START'),
  'model_version.evaluated': (kit, data) => evaluation(kit, data, 'COMPLETE'),
  'model_version.evaluation_failed': (kit, data) => evaluation(kit, data, 'FAIL', data.reason),
  'model_version.stage_requested': (kit, data) => request(kit, data, 'START'),
  'model_version.gates_evaluated': async (kit, data) =>
    data.passed
      ? request(kit, data, 'RUNNING')
      : request(kit, data, 'FAIL', { reason: blocked((await kit.facts.verdict(data.requestId))?.gates ?? []) }),
  'model_version.approved': (kit, data) => request(kit, data, 'RUNNING'),
  'model_version.rejected': (kit, data) => request(kit, data, 'FAIL', { reason: 'an approver has rejected it' }),
  'model_version.request_expired': (kit, data) => request(kit, data, 'ABORT', { reason: data.reason }),
  'model_version.stage_changed': moved,
};
