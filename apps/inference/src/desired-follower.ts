import type { DesiredState } from '#contracts';
import { errorMessage, sleep } from '#kernel';
import type { Logger } from '#telemetry';
import type { CallerBook } from './caller-book.js';
import type { ControlClient } from './control-client.js';
import type { ModelHost } from './model-host.js';
import type { NodeCache } from './node-cache.js';

const MAX_BACKOFF_MS = 5000;
/** Between two polls that bring nothing new, so that a control plane that does not hold them is not flooded. */
const PAUSE_MS = 200;

export interface FollowerParts {
  readonly client: ControlClient;
  readonly host: ModelHost;
  readonly callers: CallerBook;
  readonly cache: NodeCache;
}

/** Carries the desired state from the control plane (or, at the start, the cache) to this node, and back what became of it. */
export class DesiredFollower {
  private state: DesiredState | undefined;
  private isSettled = false;
  private settling: Promise<void> | undefined;
  private reporting: Promise<void> | undefined;
  private reportAgain = false;

  constructor(
    private readonly parts: FollowerParts,
    private readonly signal: AbortSignal,
    private readonly logger: Logger,
  ) {}

  /** Whether a desired state has been seen and the loading of each of its revisions tried. */
  get ready(): boolean {
    return this.isSettled;
  }

  /** Resolves after `signal` has aborted. */
  async follow(): Promise<void> {
    await this.restore();
    for (let failures = 0; !this.signal.aborted;) {
      try {
        const next = await this.parts.client.desired(this.state?.generation);
        failures = 0;
        await this.receive(next);
      } catch (error) {
        if (this.signal.aborted) break;
        this.logger.warn({ reason: errorMessage(error) }, 'no desired state; what is loaded serves on');
        await sleep(backoff(failures++), this.signal);
      }
    }
    await Promise.all([this.settling, this.reporting]);
  }

  private async restore(): Promise<void> {
    const remembered = await this.parts.cache.recall();
    if (!remembered) return;
    this.state = remembered.desired;
    this.parts.callers.replace(remembered.desired.callers);
    // First what served before the restart: a newer desired revision may be one that could not be loaded.
    await this.parts.host.apply(remembered.serving);
    this.settle(remembered.desired);
  }

  private async receive(next: DesiredState | undefined): Promise<void> {
    const isNews = next !== undefined && next.generation !== this.state?.generation;
    if (isNews) {
      this.state = next;
      this.parts.callers.replace(next.callers);
      await this.remember(next);
    } else await sleep(PAUSE_MS, this.signal);
    // Without news too: a model file that could not be fetched may be had now.
    if (this.state && (isNews || this.isIncomplete())) this.settle(this.state);
  }

  private isIncomplete(): boolean {
    const { host } = this.parts;
    return host.observed().length < host.list().length;
  }

  /** Not awaited by the poll, so that a newer desired state can overtake a slow load. */
  private settle(state: DesiredState): void {
    this.settling = this.parts.host.apply(state.revisions).then(async () => {
      this.isSettled = true;
      this.report();
      await this.remember(this.state!);
      await this.parts.cache.prune((digest) => this.uses(digest));
    });
  }

  private uses(digest: string): boolean {
    return [...this.state!.revisions, ...this.parts.host.serving()].some(({ onnx }) => onnx === digest);
  }

  private async remember(desired: DesiredState): Promise<void> {
    const ids = new Set(desired.revisions.map(({ endpointId }) => endpointId));
    await this.parts.cache.remember({
      desired,
      serving: this.parts.host.serving().filter(({ endpointId }) => ids.has(endpointId)),
    });
  }

  /** One report at a time; what happens meanwhile makes another. */
  private report(): void {
    this.reportAgain = true;
    this.reporting ??= this.sendReports().finally(() => {
      this.reporting = undefined;
      if (this.reportAgain && !this.signal.aborted) this.report();
    });
  }

  private async sendReports(): Promise<void> {
    const { client, cache, host } = this.parts;
    for (let failures = 0; this.reportAgain && !this.signal.aborted;) {
      this.reportAgain = false;
      try {
        await client.report({ nodeId: cache.nodeId, revisions: host.observed() });
        failures = 0;
      } catch (error) {
        this.reportAgain = true;
        this.logger.debug({ reason: errorMessage(error) }, 'the report has to wait');
        await sleep(backoff(failures++), this.signal);
      }
    }
  }
}

/** 0.1 s, doubled up to 5 s, less up to a half by chance, so that nodes do not come back all at once. */
function backoff(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, 100 * 2 ** failures) * (1 - Math.random() / 2);
}
