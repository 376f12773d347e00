import { reactionCtx } from '#access';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { ReproductionsService } from '#training';

/** Compares a run that did another one anew with it, when it is measured or its job has failed. */
@Subscriber('training-runner.judge')
export class JudgeProcessor extends SubscriberProcessor<'run.measured' | 'training_job.failed' | 'training_job.canceled'> {
  protected readonly subscriber = 'training-runner.judge';

  constructor(
    host: SubscriberHost,
    private readonly reproductions: ReproductionsService,
  ) {
    super(host);
  }

  protected async handle({
    event,
    guard,
  }: Delivery<'run.measured' | 'training_job.failed' | 'training_job.canceled'>): Promise<void> {
    await this.reproductions.judge(reactionCtx(event, 'training-runner', guard), event.data.runId);
  }
}
