import { reactionCtx } from '#access';
import { errorMessage, isDomainError } from '#kernel';
import type { LoggedEvent } from '#contracts';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { RegistryReads } from '#reads/registry';
import { EvaluationsService } from '#registry';
import { ModelWorkbench } from './model-workbench.js';

/** Measures a version on its own files. */
@Subscriber('model-registry.evaluate')
export class EvaluateProcessor extends SubscriberProcessor<'model_version.evaluation_requested'> {
  protected readonly subscriber = 'model-registry.evaluate';

  constructor(
    host: SubscriberHost,
    private readonly registry: RegistryReads,
    private readonly workbench: ModelWorkbench,
    private readonly evaluations: EvaluationsService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'model_version.evaluation_requested'>): Promise<void> {
    const { workspaceId } = event;
    const { evaluationId, versionId } = event.data;
    const ctx = reactionCtx(event, 'model-registry', guard);
    const version = await this.registry.version(workspaceId, versionId);
    if (!version) return this.evaluations.fail(ctx, evaluationId, 'the version is gone');
    try {
      const data = (await this.registry.evaluation(workspaceId, evaluationId))?.data;
      const subject = { workspaceId, ...version };
      if (!data) await this.workbench.checkData(subject);
      const measured = data ? await this.workbench.evaluateForeign(subject, data) : await this.workbench.evaluate(subject);
      await this.evaluations.record(ctx, evaluationId, measured);
    } catch (error) {
      // What the files or the rows refuse they would refuse again; anything else may pass and is tried again.
      if (!isDomainError(error) || error.code === 'STORAGE_UNAVAILABLE') throw error;
      await this.evaluations.fail(ctx, evaluationId, errorMessage(error));
    }
  }

  protected override async gaveUp(event: LoggedEvent<'model_version.evaluation_requested'>, reason: string): Promise<void> {
    await this.evaluations.fail(reactionCtx(event, 'model-registry'), event.data.evaluationId, reason);
  }
}
