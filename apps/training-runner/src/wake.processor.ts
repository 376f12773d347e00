import { Subscriber, SubscriberHost, SubscriberProcessor } from '#messaging';
import { RunnerService } from './runner.service.js';

/** A queued job wakes the runner; the claim itself is a compare-and-set, so that a lost or doubled wake-up does no harm. */
@Subscriber('training-runner.wake')
export class WakeProcessor extends SubscriberProcessor<'training_job.queued' | 'training_job.retrying'> {
  protected readonly subscriber = 'training-runner.wake';

  constructor(
    host: SubscriberHost,
    private readonly runner: RunnerService,
  ) {
    super(host);
  }

  protected async handle(): Promise<void> {
    this.runner.wake();
  }
}
