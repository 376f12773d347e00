import { randomUUID } from 'node:crypto';
import { errorMessage, sleep } from '#kernel';
import type { Logger } from '#telemetry';
import type { ControlClient } from './control-client.js';
import type { Traffic } from './traffic.js';

const EVERY_MS = 5000;

/** Tells the control plane now and then what was answered. What a node had not told when it was killed is lost: figures, not predictions. */
export class TrafficReporter {
  private readonly bootId = randomUUID();
  private readonly stopping = new AbortController();
  private reported = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly client: ControlClient,
    private readonly nodeId: string,
    private readonly traffic: Traffic,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Reports once more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.report();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await sleep(EVERY_MS, this.stopping.signal);
      await this.report();
    }
  }

  private async report(): Promise<void> {
    const { generation } = this.traffic;
    if (generation === this.reported) return;
    try {
      await this.client.traffic({ nodeId: this.nodeId, bootId: this.bootId, revisions: this.traffic.report() });
      this.reported = generation;
    } catch (error) {
      this.logger.debug({ reason: errorMessage(error) }, 'the figures have to wait');
    }
  }
}
