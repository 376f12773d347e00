import { reactionCtx } from '#access';
import { MODEL_FILES, type LoggedEvent } from '#contracts';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { TrackingReads } from '#reads/tracking';
import { TrainingReads } from '#reads/training';
import { measuredFigures, ModelsService } from '#registry';
import { BlobRegistry } from '#storage';
import { ArtifactsService } from '#tracking';
import { ModelWorkbench } from './model-workbench.js';

/** Artifact of the run that holds the whole evaluation: reports per part with their confusion matrices, parity, signature. */
const EVALUATION_REPORT = 'evaluation.json';

/** Evaluates what a training made, on the model's own files, writes the figures into its run, and registers the candidate. */
@Subscriber('model-registry.candidate')
export class CandidateProcessor extends SubscriberProcessor<'training_job.succeeded'> {
  protected readonly subscriber = 'model-registry.candidate';

  constructor(
    host: SubscriberHost,
    private readonly workbench: ModelWorkbench,
    private readonly models: ModelsService,
    private readonly trackingReads: TrackingReads,
    private readonly artifacts: ArtifactsService,
    private readonly training: TrainingReads,
    private readonly blobs: BlobRegistry,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'training_job.succeeded'>): Promise<void> {
    const { runId, datasetVersionId, registerAs } = event.data;
    const files = await this.modelFiles(runId);
    const evaluation = await this.workbench.evaluate({ workspaceId: event.workspaceId, runId, files });
    const ctx = reactionCtx(event, 'model-registry');
    const blob = await this.blobs.keep(event.workspaceId, Buffer.from(JSON.stringify(evaluation)));
    await this.artifacts.recordMeasured(
      ctx,
      runId,
      measuredFigures(evaluation),
      { path: EVALUATION_REPORT, ...blob },
      event.time,
    );
    if (!registerAs) return;
    const job = (await this.training.jobOfRun(event.workspaceId, runId))!;
    const { signature } = evaluation;
    const candidate = {
      model: registerAs,
      project: job.project,
      runId,
      datasetVersionId,
      files,
      signature,
      evaluation,
      trainedBy: job.memberId,
    };
    await this.models.registerCandidate({ ...ctx, guard }, candidate);
  }

  protected override async gaveUp(event: LoggedEvent<'training_job.succeeded'>, reason: string): Promise<void> {
    await this.artifacts.measurementFailed(reactionCtx(event, 'model-registry'), event.data.runId, reason);
  }

  private async modelFiles(runId: string): Promise<Record<string, string>> {
    const names = Object.values(MODEL_FILES);
    const blobs = await this.trackingReads.artifacts(
      runId,
      names.map((name) => `model/${name}`),
    );
    return Object.fromEntries([...blobs].map(([path, blob]) => [path.slice('model/'.length), blob]));
  }
}
