import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { AccessView, type Ctx } from '#access';
import { AutomationView } from '#automation';
import { DatasetsView } from '#datasets';
import { DeploymentView } from '#deployment';
import { RegistryView } from '#registry';
import { ExperimentSearch, RunSearch, TrackingView } from '#tracking';
import { TrainingView } from '#training';

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
  const loaders = new Map<string, DataLoader<number, T[]>>();
  return (keys) => {
    const mark = JSON.stringify(keys ?? null);
    let loader = loaders.get(mark);
    if (!loader)
      loaders.set(
        mark,
        (loader = many(
          (runs: readonly number[]) => find(runs, keys ?? undefined),
          (row) => row.run,
        )),
      );
    return loader;
  };
}

/** Collaborators of the loaders. */
@Injectable()
export class Views {
  constructor(
    readonly access: AccessView,
    readonly datasets: DatasetsView,
    readonly tracking: TrackingView,
    readonly experiments: ExperimentSearch,
    readonly runs: RunSearch,
    readonly training: TrainingView,
    readonly registry: RegistryView,
    readonly deployment: DeploymentView,
  ) {}
}

/** One operation's loaders: every edge of the graph goes through them, with the caller's rights. */
export class Loaders {
  constructor(
    private readonly ctx: Ctx,
    private readonly views: Views,
    private readonly automation: AutomationView,
  ) {}

  readonly member = one((ids) => this.views.access.membersByIds(this.ctx, ids));
  readonly grants = many(
    (ids: readonly string[]) => this.views.access.grantsByMembers(ids),
    (row) => row.memberId,
  );
  readonly dataset = one((ids) => this.views.datasets.byIds(this.ctx, ids));
  readonly datasetVersion = one((ids) => this.views.datasets.versionsByIds(this.ctx, ids));
  readonly newestVersion = many(
    (ids: readonly string[]) => this.views.datasets.newestByDatasets(this.ctx, ids),
    (row) => row.datasetId,
  );
  readonly experiment = one((ids) => this.views.experiments.byIds(this.ctx, ids));
  readonly run = one((ids) => this.views.runs.byIds(this.ctx, ids));
  readonly params = byKeys((runs, keys) => this.views.tracking.paramsByRuns(runs, keys));
  readonly tags = byKeys((runs, keys) => this.views.tracking.tagsByRuns(runs, keys));
  readonly inputs = many(
    (ids: readonly string[]) => this.views.tracking.inputsByRuns(ids),
    (row) => row.runId,
  );
  readonly artifacts = many(
    (ids: readonly string[]) => this.views.tracking.artifactsByRuns(ids),
    (row) => row.ownerId,
  );
  readonly metrics = byKeys((runs, keys) => this.views.tracking.latestByRuns(runs, keys));
  readonly loggedDatasets = many(
    (runs: readonly number[]) => this.views.tracking.loggedDatasetsByRuns(runs),
    (row) => row.run,
  );
  readonly template = one((ids) => this.views.training.templatesByIds(this.ctx, ids));
  readonly job = one((ids) => this.views.training.jobsByIds(this.ctx, ids));
  readonly attempts = many(
    (ids: readonly string[]) => this.views.training.attemptsByJobs(ids),
    (row) => row.jobId,
  );
  readonly model = one((ids) => this.views.registry.modelsByIds(this.ctx, ids));
  readonly modelVersion = one((ids) => this.views.registry.versionsByIds(this.ctx, ids));
  readonly versionsOfRun = many(
    (ids: readonly string[]) => this.views.registry.versionsByRuns(this.ctx, ids),
    (row) => row.runId!,
  );
  readonly modelTags = many(
    (ids: readonly string[]) => this.views.registry.tagsByModels(ids),
    (row) => row.modelId,
  );
  readonly versionTags = many(
    (ids: readonly string[]) => this.views.registry.tagsByVersions(ids),
    (row) => row.versionId,
  );
  readonly modelAliases = many(
    (ids: readonly string[]) => this.views.registry.aliasesByModels(ids),
    (row) => row.modelId,
  );
  readonly versionAliases = many(
    (ids: readonly string[]) => this.views.registry.aliasesByVersions(ids),
    (row) => row.versionId,
  );
  readonly stageRequest = one((ids) => this.views.registry.requestsByIds(this.ctx, ids));
  readonly approvals = many(
    (ids: readonly string[]) => this.views.registry.approvalsByRequests(ids),
    (row) => row.requestId,
  );
  readonly endpoint = one((ids) => this.views.deployment.endpointsByIds(this.ctx, ids));
  readonly revision = one((ids) => this.views.deployment.revisionsByIds(this.ctx, ids));
  readonly trigger = one((ids) => this.automation.triggersByIds(this.ctx, ids));
}
