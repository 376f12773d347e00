import { reactionCtx } from '#access';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { RegistryReads } from '#reads/registry';
import { PromotionService } from '#registry';
import { GateEvidences } from './gate-evidence.js';

type Asked = 'model_version.stage_requested' | 'model_version.recheck_requested';

/** Evaluates the gates of a stage request on the platform's own figures, and freezes the verdict with what it rests on. */
@Subscriber('model-registry.gates')
export class GatesProcessor extends SubscriberProcessor<Asked> {
  protected readonly subscriber = 'model-registry.gates';

  constructor(
    host: SubscriberHost,
    private readonly registry: RegistryReads,
    private readonly evidences: GateEvidences,
    private readonly promotion: PromotionService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<Asked>): Promise<void> {
    const request = await this.registry.request(event.workspaceId, event.data.requestId);
    if (request?.state !== 'EVALUATING' && request?.state !== 'RECHECKING') return;
    const verdict = await this.evidences.judge(event.workspaceId, request);
    await this.promotion.recordGates(reactionCtx(event, 'model-registry', guard), request.id, verdict);
  }
}
