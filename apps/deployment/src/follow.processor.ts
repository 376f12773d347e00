import { reactionCtx } from '#access';
import { DeploymentService } from '#deployment';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';

/** Deploys what was promoted to every endpoint that follows the stage. */
@Subscriber('deployment.follow')
export class FollowProcessor extends SubscriberProcessor<'model_version.stage_changed' | 'endpoint.created'> {
  protected readonly subscriber = 'deployment.follow';

  constructor(
    host: SubscriberHost,
    private readonly deployment: DeploymentService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'model_version.stage_changed' | 'endpoint.created'>): Promise<void> {
    const stage = 'to' in event.data ? event.data.to : event.data.stage;
    await this.deployment.follow(reactionCtx(event, 'deployment', guard), event.data.modelId, stage);
  }
}
