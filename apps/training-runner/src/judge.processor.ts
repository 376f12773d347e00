import { reactionCtx } from '#access';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { ReproductionsService } from '#training';

type Ended = 'run.measured' | 'run.measurement_failed' | 'training_job.failed' | 'training_job.canceled';

/** Compares a run that did another one anew with it, when it is measured, or nothing more will come of it. */
@Subscriber('training-runner.judge')
export class JudgeProcessor extends SubscriberProcessor<Ended> {
  protected readonly subscriber = 'training-runner.judge';

  constructor(
    host: SubscriberHost,
    private readonly reproductions: ReproductionsService,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<Ended>): Promise<void> {
    const unmeasured =
      event.name === 'run.measurement_failed' && 'reason' in event.data
        ? `the platform could not measure it: ${event.data.reason}`
        : undefined;
    await this.reproductions.judge(reactionCtx(event, 'training-runner', guard), event.data.runId, unmeasured);
  }
}
