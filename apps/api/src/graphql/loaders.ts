import DataLoader from 'dataloader';
import type { Ctx } from '#access';
import type { ExecutionRow, ExecutionState } from '#automation';
import type { Views } from './views.js';

type Row = { readonly id: string };

/** Batches one kind of row by id: one statement for all ids that an operation asks for at the same level. */
function one<T extends Row>(find: (ids: readonly string[]) => Promise<readonly T[]>): DataLoader<string, T | null> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await find(ids)).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id) ?? null);
  });
}

/** Batches rows that hang on a parent. */
function many<T, K extends string | number = string>(
  find: (ids: readonly K[]) => Promise<readonly T[]>,
  parentOf: (row: T) => K,
): DataLoader<K, T[]> {
  return new DataLoader(async (ids) => {
    const groups = Map.groupBy(await find(ids), parentOf);
    return ids.map((id) => groups.get(id) ?? []);
  });
}

/** Batches what hangs on runs under keys: one loader for each set of keys that an operation asks for, so that no others are read. */
function byKeys<T extends { readonly run: number }>(
  find: (runs: readonly number[], keys: readonly string[] | undefined) => Promise<readonly T[]>,
): (keys?: readonly string[] | null) => DataLoader<number, T[]> {
  return kept((keys) =>
    many(
      (runs: readonly number[]) => find(runs, keys ?? undefined),
      (row) => row.run,
    ),
  );
}

/** A page of what hangs on a parent, by one statement for all parents; one row more than `limit` is read to learn whether there is a next page. */
export interface PageOf {
  readonly limit: number;
  readonly after?: string;
}

/** A page of a trigger's executions, of some states or of all. */
export interface ExecutionsOf extends PageOf {
  readonly states?: readonly ExecutionState[];
}

/** Batches pages of rows that hang on a parent: one loader for each page that an operation asks for. */
function pages<T, P extends PageOf = PageOf>(
  find: (ids: readonly string[], page: P) => Promise<readonly T[]>,
  parentOf: (row: T) => string,
): (page: P) => DataLoader<string, T[]> {
  return kept((page) => many((ids: readonly string[]) => find(ids, { ...page, limit: page.limit + 1 }), parentOf));
}

/** One loader for each question. */
function kept<Q, K, T>(make: (question: Q) => DataLoader<K, T>): (question: Q) => DataLoader<K, T> {
  const loaders = new Map<string, DataLoader<K, T>>();
  return (question) => {
    const mark = JSON.stringify(question ?? null);
    const loader = loaders.get(mark) ?? make(question);
    loaders.set(mark, loader);
    return loader;
  };
}

/** One operation's loaders: every edge of the graph goes through them, with the caller's rights. */
export class Loaders {
  constructor(
    private readonly ctx: Ctx,
    private readonly views: Views,
  ) {}

  readonly member = one((ids) => this.views.access.members.membersByIds(this.ctx, ids));
  readonly grants = many(
    (ids: readonly string[]) => this.views.access.members.grantsByMembers(ids),
    (row) => row.memberId,
  );
  readonly event = one((ids) => this.views.access.log.byIds(this.ctx.workspaceId, ids));
  readonly dataset = one((ids) => this.views.datasets.byIds(this.ctx, ids));
  readonly datasetVersion = one((ids) => this.views.datasets.versionsByIds(this.ctx, ids));
  readonly newestVersion = many(
    (ids: readonly string[]) => this.views.datasets.newestByDatasets(this.ctx, ids),
    (row) => row.datasetId,
  );
  readonly experiment = one((ids) => this.views.tracking.experiments.byIds(this.ctx, ids));
  readonly run = one((ids) => this.views.tracking.runs.byIds(this.ctx, ids));
  readonly params = byKeys((runs, keys) => this.views.tracking.details.paramsByRuns(runs, keys));
  readonly tags = byKeys((runs, keys) => this.views.tracking.details.tagsByRuns(runs, keys));
  readonly inputs = many(
    (ids: readonly string[]) => this.views.tracking.details.inputsByRuns(ids),
    (row) => row.runId,
  );
  readonly artifacts = many(
    (ids: readonly string[]) => this.views.tracking.details.artifactsByOwners(ids),
    (row) => row.ownerId,
  );
  readonly metrics = byKeys((runs, keys) => this.views.tracking.details.latestByRuns(runs, keys));
  readonly loggedDatasets = many(
    (runs: readonly number[]) => this.views.tracking.details.loggedDatasetsByRuns(runs),
    (row) => row.run,
  );
  readonly loggedModel = one((ids) => this.views.tracking.loggedModels.byIds(this.ctx, ids));
  readonly loggedModelsOfRun = pages(
    (ids, page) => this.views.tracking.loggedModels.byRuns(this.ctx, ids, page),
    (row) => row.sourceRunId!,
  );
  readonly template = one((ids) => this.views.training.templatesByIds(this.ctx, ids));
  readonly job = one((ids) => this.views.training.jobsByIds(this.ctx, ids));
  readonly attempts = many(
    (ids: readonly string[]) => this.views.training.attemptsByJobs(ids),
    (row) => row.jobId,
  );
  readonly reproduction = many(
    (ids: readonly string[]) => this.views.training.reproductionsByRuns(this.ctx, ids),
    (row) => row.runId,
  );
  readonly model = one((ids) => this.views.registry.models.modelsByIds(this.ctx, ids));
  readonly modelVersion = one((ids) => this.views.registry.models.versionsByIds(this.ctx, ids));
  readonly versionsOfRun = many(
    (ids: readonly string[]) => this.views.registry.models.versionsByRuns(this.ctx, ids),
    (row) => row.runId!,
  );
  readonly modelTags = many(
    (ids: readonly string[]) => this.views.registry.models.tagsByModels(ids),
    (row) => row.modelId,
  );
  readonly versionTags = many(
    (ids: readonly string[]) => this.views.registry.models.tagsByVersions(ids),
    (row) => row.versionId,
  );
  readonly modelAliases = many(
    (ids: readonly string[]) => this.views.registry.models.aliasesByModels(ids),
    (row) => row.modelId,
  );
  readonly versionAliases = many(
    (ids: readonly string[]) => this.views.registry.models.aliasesByVersions(ids),
    (row) => row.versionId,
  );
  readonly evaluation = one((ids) => this.views.registry.models.evaluationsByIds(this.ctx, ids));
  readonly stageRequest = one((ids) => this.views.registry.models.requestsByIds(this.ctx, ids));
  readonly stageFlow = one((ids) => this.views.registry.stages.flowsByIds(this.ctx, ids));
  readonly approvals = many(
    (ids: readonly string[]) => this.views.registry.models.approvalsByRequests(ids),
    (row) => row.requestId,
  );
  readonly traffic = many(
    (ids: readonly string[]) => this.views.deployment.traffic.byVersions(this.ctx, ids),
    (row) => row.modelVersionId,
  );
  readonly endpoint = one((ids) => this.views.deployment.endpoints.endpointsByIds(this.ctx, ids));
  readonly revision = one((ids) => this.views.deployment.endpoints.revisionsByIds(this.ctx, ids));
  readonly trigger = one((ids) => this.views.automation.triggers.triggersByIds(this.ctx, ids));
  readonly execution = one((ids) => this.views.automation.triggers.executionsByIds(this.ctx, ids));
  readonly executions = pages<ExecutionRow, ExecutionsOf>(
    (ids, page) => this.views.automation.triggers.executionsByTriggers(this.ctx, ids, page),
    (row) => row.triggerId,
  );
  readonly webhook = one((ids) => this.views.automation.webhooks.byIds(this.ctx, ids));
  readonly delivery = one((ids) => this.views.automation.deliveries.byIds(this.ctx, ids));
  readonly deliveryAttempts = many(
    (ids: readonly string[]) => this.views.automation.deliveries.attempts(this.ctx, ids),
    (row) => row.deliveryId,
  );
  readonly deliveries = pages(
    (ids, page) => this.views.automation.deliveries.byWebhooks(this.ctx, ids, page),
    (row) => row.webhookId,
  );
}
