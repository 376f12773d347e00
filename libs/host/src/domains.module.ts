import { Module, type DynamicModule } from '@nestjs/common';
import { AutomationModule, FACTS_PORT, LINEAGE_FACTS_PORT, TARGETS_PORT } from '#automation';
import type { Config } from '#config';
import type { MetricPoint } from '#contracts';
import { DatasetsModule } from '#datasets';
import { DeploymentModule } from '#deployment';
import { LineageModule } from '#lineage';
import { DatasetReadsModule } from '#reads/datasets';
import { DeploymentReadsModule } from '#reads/deployment';
import { RegistryReadsModule } from '#reads/registry';
import { TrackingReadsModule } from '#reads/tracking';
import { TrainingReadsModule } from '#reads/training';
import { RegistryModule } from '#registry';
import { ArtifactsService, ExperimentsService, LoggingService, RunsService, TrackingModule, type Point } from '#tracking';
import { RUN_BOOK, TrainingModule, type RunBook } from '#training';
import { DomainTargets } from './domain-targets.js';
import { LineageFacts } from './lineage-facts.js';
import { SubjectFacts } from './subject-facts.js';

const READS = [DatasetReadsModule, TrackingReadsModule, TrainingReadsModule, RegistryReadsModule, DeploymentReadsModule];

/** The domains put together: every process has the same use cases, and an app chooses which edges it adds. Ports between domains are bound here. */
@Module({})
export class DomainsModule {
  static register(config: Config): DynamicModule {
    const training = TrainingModule.register(config.training, [TrackingModule, DatasetReadsModule, TrackingReadsModule], {
      provide: RUN_BOOK,
      useFactory: runBook,
      inject: [ExperimentsService, RunsService, LoggingService, ArtifactsService],
    });
    const modules = [
      DatasetsModule,
      TrackingModule,
      training,
      RegistryModule,
      DeploymentModule,
      AutomationModule.register(READS, [
        { provide: FACTS_PORT, useClass: SubjectFacts },
        { provide: TARGETS_PORT, useClass: DomainTargets },
        { provide: LINEAGE_FACTS_PORT, useClass: LineageFacts },
      ]),
      LineageModule,
      ...READS,
    ];
    return { module: DomainsModule, imports: modules, exports: modules, global: true };
  }
}

/** Training's book of runs is kept by the tracking domain. */
function runBook(
  experiments: ExperimentsService,
  runs: RunsService,
  logging: LoggingService,
  artifacts: ArtifactsService,
): RunBook {
  return {
    async start(tx, ctx, run) {
      const experiment = await experiments.ensureIn(tx, ctx, run.experiment, run.project);
      const { name, jobId, params } = run;
      const input = { experimentId: experiment.id, name, jobId, datasetVersionIds: [run.datasetVersionId], params };
      return (await runs.startIn(tx, ctx, input, experiment.num)).id;
    },
    log: (tx, ctx, runId, points, attempt) => logging.logIn(tx, ctx, runId, points.map(toPoint), 'attempt', attempt),
    logLines: (tx, ctx, runId, lines, attempt) => logging.logLinesIn(tx, ctx, runId, lines, attempt),
    describe: (tx, ctx, runId, params, tags) => logging.describeIn(tx, ctx, runId, params, tags),
    addArtifacts: (tx, ctx, runId, files) => artifacts.addIn(tx, ctx, runId, files),
    finish: (tx, ctx, runId, status) => runs.finishIn(tx, ctx, runId, status),
  };
}

/** JSON spells NaN and infinities as text. */
export function toPoint(point: MetricPoint): Point {
  return { ...point, value: Number(point.value) };
}
