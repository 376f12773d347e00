import { Module, type DynamicModule } from '@nestjs/common';
import { AutomationModule } from '#automation';
import type { Config } from '#config';
import type { MetricPoint } from '#contracts';
import { DatasetsModule } from '#datasets';
import { DeploymentModule } from '#deployment';
import { LineageModule } from '#lineage';
import { DatasetReadsModule } from '#reads/datasets';
import { RegistryReadsModule } from '#reads/registry';
import { TrackingReadsModule } from '#reads/tracking';
import { TrainingReadsModule } from '#reads/training';
import { RegistryModule } from '#registry';
import { TrackingModule, TrackingService, type Point } from '#tracking';
import { RUN_BOOK, TrainingModule, type RunBook } from '#training';

const READS = [DatasetReadsModule, TrackingReadsModule, TrainingReadsModule, RegistryReadsModule];

/** The domains put together: every process has the same use cases, and an app chooses which edges it adds. Ports between domains are bound here. */
@Module({})
export class DomainsModule {
  static register(config: Config): DynamicModule {
    const training = TrainingModule.register(config.training, [TrackingModule, DatasetReadsModule], {
      provide: RUN_BOOK,
      useFactory: runBook,
      inject: [TrackingService],
    });
    const modules = [
      DatasetsModule,
      TrackingModule,
      training,
      RegistryModule,
      DeploymentModule,
      AutomationModule,
      LineageModule,
      ...READS,
    ];
    return { module: DomainsModule, imports: modules, exports: modules, global: true };
  }
}

/** Training's book of runs is kept by the tracking domain. */
function runBook(tracking: TrackingService): RunBook {
  return {
    async start(tx, ctx, run) {
      const experiment = await tracking.ensureExperimentIn(tx, ctx, run.experiment, run.project);
      const { id } = await tracking.startRunIn(tx, ctx, {
        experimentId: experiment.id,
        name: run.name,
        jobId: run.jobId,
        datasetVersionIds: [run.datasetVersionId],
        params: run.params,
      });
      return id;
    },
    log: (tx, ctx, runId, points, attempt) => tracking.logIn(tx, ctx, runId, points.map(toPoint), 'attempt', attempt),
    describe: (tx, ctx, runId, params, tags) => tracking.describeIn(tx, ctx, runId, params, tags),
    addArtifacts: (tx, ctx, runId, artifacts) => tracking.addArtifactsIn(tx, ctx, runId, artifacts),
    finish: (tx, ctx, runId, status) => tracking.finishRunIn(tx, ctx, runId, status),
  };
}

/** JSON spells NaN and infinities as text. */
export function toPoint(point: MetricPoint): Point {
  return { ...point, value: Number(point.value) };
}
