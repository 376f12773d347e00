import { reactionCtx } from '#access';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import type { LoggedEvent } from '#contracts';
import { RegistryReads, type RequestFacts } from '#reads/registry';
import { PromotionService } from '#registry';
import { GateEvidences } from './gate-evidence.js';
import { VersionScans } from './version-scans.js';

type Asked = 'model_version.stage_requested' | 'model_version.recheck_requested';

/** Evaluates the gates of a stage request on the platform's own figures, and freezes the verdict with what it rests on. */
@Subscriber('model-registry.gates')
export class GatesProcessor extends SubscriberProcessor<Asked> {
  protected readonly subscriber = 'model-registry.gates';

  constructor(
    host: SubscriberHost,
    private readonly registry: RegistryReads,
    private readonly scans: VersionScans,
    private readonly evidences: GateEvidences,
    private readonly promotion: PromotionService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<Asked>): Promise<void> {
    const request = await this.scanned(event);
    if (request?.state !== 'EVALUATING' && request?.state !== 'RECHECKING') return;
    const verdict = await this.evidences.judge(event.workspaceId, request);
    await this.promotion.recordGates(reactionCtx(event, 'model-registry', guard), request.id, verdict);
  }

  protected override async gaveUp(event: LoggedEvent<Asked>, reason: string): Promise<void> {
    await this.promotion.giveUp(reactionCtx(event, 'model-registry'), event.data.requestId, reason);
  }

  /** The request, with its version's files looked at: what the verdict is about does not change under it. */
  private async scanned(event: LoggedEvent<Asked>): Promise<RequestFacts | undefined> {
    const read = () => this.registry.request(event.workspaceId, event.data.requestId);
    const request = await read();
    if (!request || request.version.scan) return request;
    return (await this.scans.scan(reactionCtx(event, 'model-registry'), request.version)) ? read() : request;
  }
}
