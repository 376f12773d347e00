import { Module } from '@nestjs/common';
import { createCtx, type Ctx } from '#access';
import { GuardedClient, WebhookMatcher } from '#automation';
import { DatasetsService, DriftService } from '#datasets';
import { DeploymentService } from '#deployment';
import { LineageConsumer } from '#lineage';
import { RelayModule } from '#messaging';
import { RegistryReads } from '#reads/registry';
import { DecisionsService, EvaluationsService, PromotionService } from '#registry';
import { ExperimentsService, LoggedModelsService, LoggingService, RunsService } from '#tracking';
import { JobsService, TemplatesService } from '#training';
import { DeliverWebhooksService } from '../../apps/automation/src/deliver-webhooks.service.js';
import { blob, candidate, digest, evaluation, name } from './builders.js';
import { gatesSaid, PASSED, registryKit } from './registry-kit.js';
import type { Stack } from './stack.js';
import { ALLOWED } from './webhooks-kit.js';

/** What delivers webhooks and draws the graph. */
@Module({
  imports: [RelayModule],
  providers: [
    WebhookMatcher,
    LineageConsumer,
    DeliverWebhooksService,
    { provide: GuardedClient, useValue: new GuardedClient(ALLOWED, { timeoutMs: 2000 }) },
  ],
})
export class TellingRole {}

/** A body of OpenLineage as tests look at it. */
export interface Told {
  readonly eventType?: string;
  readonly eventTime: string;
  readonly schemaURL: string;
  readonly run?: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly job?: { readonly namespace: string; readonly name: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly dataset?: {
    readonly namespace: string;
    readonly name: string;
    readonly facets: Record<string, Record<string, unknown>>;
  };
  readonly inputs?: readonly ToldEnd[];
  readonly outputs?: readonly ToldEnd[];
}
interface ToldEnd {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Record<string, Record<string, unknown>>;
  readonly inputFacets?: Record<string, Record<string, unknown>>;
}

const column = (column: string, type: 'number' | 'text') => ({ name: column, type, nullable: true });
const profile = {
  rows: 10,
  duplicateRows: 0,
  columns: [
    { name: 'x', type: 'number' as const, missing: 1, distinct: 9, min: -1.5, max: 2, mean: 0.5, std: 1, median: 0.25 },
    { name: 'label', type: 'text' as const, missing: 0, distinct: 2, top: [{ value: 'a', count: 6 }] },
  ],
};
const warning = { severity: 'warning' as const, code: 'MISSING', message: '1 of 10 cells is empty', column: 'x' };
const drift = {
  mode: 'whole' as const,
  drifted: true,
  added: 0,
  removed: 0,
  worst: { column: 'x', psi: 0.4 },
  columns: [],
};

/** What a team does of everything that lineage tells others about, in the project /birds: ids and names. */
export async function tellStory(stack: Stack, ada: Ctx, grace: Ctx, heard: () => Promise<unknown>) {
  const data = await dataPart(stack, ada);
  const runs = await runPart(stack, ada, data.first);
  const job = await trainingPart(stack, ada, data, heard);
  const model = await modelPart(stack, ada, grace);
  const other = await otherModel(stack, ada, heard);
  return { ...data, ...runs, job, ...model, other };
}

async function dataPart(stack: Stack, ada: Ctx) {
  const service = stack.app.get(DatasetsService);
  const dataset = name('penguins');
  const { id: datasetId } = await service.create(ada, { name: dataset, project: '/birds', description: 'of an island' });
  const add = async () => (await service.createVersion(ada, { datasetId, blob: await blob(stack, ada), format: 'CSV' })).id;
  const valid = async (versionId: string) =>
    service.recordValidation(ada, versionId, {
      columns: [column('x', 'number'), column('label', 'text')],
      profile,
      findings: [warning],
      table: { sha256: digest(versionId), size: 10 },
    });
  const first = await add();
  await valid(first);
  const second = await add();
  await valid(second);
  const bad = await add();
  await service.reject(ada, bad, 'a row has too many cells', [{ severity: 'error', code: 'ROW', message: 'line 3', line: 3 }]);
  await stack.app.get(DriftService).record(ada, second, { ...drift, against: first });
  return { dataset, datasetId, first, second, bad };
}

async function runPart(stack: Stack, ada: Ctx, versionId: string) {
  const [experiments, runs, logging, models] = [
    stack.app.get(ExperimentsService),
    stack.app.get(RunsService),
    stack.app.get(LoggingService),
    stack.app.get(LoggedModelsService),
  ];
  const experiment = name('species');
  const { id: experimentId } = await experiments.create(ada, { name: experiment, project: '/birds' });
  const { id: parentId } = await runs.create(ada, { experimentId, name: 'sweep' });
  const git = { 'mlflow.source.git.repoURL': 'https://git.example/birds.git', 'mlflow.source.git.commit': 'abc' };
  const started = { experimentId, name: 'trial', parentId, datasetVersionIds: [versionId], tags: { team: 'blue', ...git } };
  const { id: runId } = await runs.create(ada, { ...started, params: { depth: '3' } });
  await logging.logInputs(ada, runId, { datasets: [{ name: 'extra', digest: 'd1', sourceType: 's3', source: '{}' }] });
  const { id: loggedModelId } = await models.create(ada, { experimentId, name: 'clf', sourceRunId: runId });
  await logging.logOutputs(ada, runId, [{ modelId: loggedModelId, step: 0 }]);
  await runs.finish(ada, runId, 'FINISHED');
  await runs.update(ada, runId, { status: 'RUNNING' });
  await runs.update(ada, runId, { status: 'KILLED' });
  await runs.update(ada, runId, { status: 'FAILED' });
  await runs.finish(ada, parentId, 'FINISHED');
  return { experiment, experimentId, parentId, runId, loggedModelId };
}

async function trainingPart(
  stack: Stack,
  ada: Ctx,
  { datasetId, second }: { datasetId: string; second: string },
  heard: () => Promise<unknown>,
) {
  const templates = stack.app.get(TemplatesService);
  const template = name('train');
  const spec = { task: 'classification', label: 'label' };
  const { id: templateId } = await templates.create(ada, {
    name: template,
    project: '/birds',
    datasetId,
    spec,
    registerAs: null,
  });
  const jobs = stack.app.get(JobsService);
  const { id, runId } = await jobs.start(ada, { templateId, datasetVersionId: second });
  const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  const claimed = (await jobs.claimNext(system, 'runner'))!;
  await heard();
  await stack.rows('update training_job set max_attempts = 1 where id = $1', [id]);
  await jobs.attemptLost(system, id, claimed.attempt, { reason: 'out of memory', retry: true });
  return { id, runId, template };
}

async function modelPart(stack: Stack, ada: Ctx, grace: Ctx) {
  const kit = registryKit(stack, ada);
  const model = name('model');
  const [first, second, third] = [
    await candidate(stack, ada, model),
    await candidate(stack, ada, model),
    await candidate(stack, ada, model),
  ];
  const { modelId } = (await stack.app.get(RegistryReads).version(stack.workspaceId, first))!;
  const [promotion, decisions] = [stack.app.get(PromotionService), stack.app.get(DecisionsService)];
  const ask = async (versionId: string) => (await promotion.request(ada, { versionId, stage: 'production' })).id;
  const done = await ask(first);
  await gatesSaid(stack, done);
  await decisions.decide(grace, { requestId: done, decision: 'approved' });
  const rejected = await ask(second);
  await gatesSaid(stack, rejected, [PASSED], first);
  await decisions.decide(grace, { requestId: rejected, decision: 'rejected' });
  const blocked = await ask(third);
  await gatesSaid(stack, blocked, [
    PASSED,
    {
      ...PASSED,
      gate: { kind: 'metric_min', metric: 'f1', min: 0.9, source: 'measured' },
      outcome: 'failed',
      message: 'f1 0.5 is below 0.9',
      observed: 0.5,
    },
  ]);
  const stale = await ask(second);
  await kit.changes.update(ada, { id: modelId }, { description: 'of birds' });
  await stack.app
    .get(DecisionsService)
    .force(await stack.member('admin'), { versionId: second, stage: 'production', reason: 'the other one is broken' });
  const evaluations = stack.app.get(EvaluationsService);
  const evaluated = await evaluations.request(ada, first);
  await evaluations.record(ada, evaluated.id, evaluation());
  const failed = await evaluations.request(ada, first);
  await evaluations.fail(ada, failed.id, 'a file is gone');
  const endpoint = await endpointPart(stack, ada, modelId);
  return { model, evaluated: evaluated.id, failed: failed.id, done, rejected, blocked, stale, endpoint };
}

/** A model that is renamed, and goes; what is told of it is told while it is there. */
async function otherModel(stack: Stack, ada: Ctx, heard: () => Promise<unknown>): Promise<string> {
  const kit = registryKit(stack, ada);
  const other = await kit.openModel({}, 'open');
  await kit.addVersion(other);
  await kit.changes.update(ada, { name: other }, { name: `${other}-2` });
  await heard();
  await kit.changes.delete(ada, { name: `${other}-2` });
  return other;
}

async function endpointPart(stack: Stack, ada: Ctx, modelId: string): Promise<string> {
  const service = stack.app.get(DeploymentService);
  const onnx = await blob(stack, ada);
  await stack.rows(`update model_version set files = jsonb_build_object('model.onnx', $2::text) where model_id = $1`, [
    modelId,
    onnx,
  ]);
  const endpoint = name('endpoint');
  await service.createEndpoint(ada, { name: endpoint, modelId, stage: 'production' });
  const system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  await service.follow(system, modelId, 'production');
  const [revision] = await stack.rows<{ id: string }>('select desired_revision_id as id from endpoint where model_id = $1', [
    modelId,
  ]);
  await service.observe(system, { nodeId: 'n', revisions: [{ revisionId: revision!.id, state: 'ready' }] });
  return endpoint;
}
