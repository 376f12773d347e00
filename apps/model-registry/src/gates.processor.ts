import { reactionCtx } from '#access';
import { errorMessage, isDomainError } from '#kernel';
import type { Comparison } from '#contracts';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { DatasetReads } from '#reads/datasets';
import { RegistryReads, type RequestFacts } from '#reads/registry';
import { evaluateGate, needsComparison, PromotionService } from '#registry';
import { ModelWorkbench } from './model-workbench.js';

/** Evaluates the gates of a stage request on the platform's own figures, and freezes the verdict. */
@Subscriber('model-registry.gates')
export class GatesProcessor extends SubscriberProcessor<'model_version.stage_requested'> {
  protected readonly subscriber = 'model-registry.gates';

  constructor(
    host: SubscriberHost,
    private readonly registry: RegistryReads,
    private readonly datasets: DatasetReads,
    private readonly workbench: ModelWorkbench,
    private readonly promotion: PromotionService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'model_version.stage_requested'>): Promise<void> {
    const request = await this.registry.request(event.workspaceId, event.data.requestId);
    if (request?.state !== 'EVALUATING') return;
    const { version, champion, gates } = request;
    const dataset = version.datasetVersionId
      ? await this.datasets.version(event.workspaceId, version.datasetVersionId)
      : undefined;
    const comparison = champion && needsComparison(gates) ? await this.compare(event.workspaceId, request) : undefined;
    const evidence = { datasetState: dataset?.state, evaluation: version.evaluation, champion, comparison };
    const results = gates.map((gate) => evaluateGate(gate, evidence));
    await this.promotion.recordGates(reactionCtx(event, 'model-registry', guard), request.id, results, champion?.id ?? null);
  }

  /** A comparison that cannot be made blocks the request and says why; it does not kill the job. */
  private async compare(workspaceId: string, { version, champion }: RequestFacts): Promise<Comparison> {
    try {
      const result = await this.workbench.evaluate({ workspaceId, ...version }, { workspaceId, ...champion! });
      return result.comparison ?? { comparable: false, reason: 'the evaluation made no comparison' };
    } catch (error) {
      if (!isDomainError(error) || error.code === 'STORAGE_UNAVAILABLE') throw error;
      return { comparable: false, reason: errorMessage(error) };
    }
  }
}
