import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { errorMessage } from '#kernel';
import { LOGGER } from '#messaging';
import type { Logger } from '#telemetry';

const WINDOW_MS = 60_000;
/** Different things counted at once; what is more counts together. */
const MAX_KEYS = 1000;

/** Something that may come again and again. */
export interface Repeated {
  readonly key: string;
  /** What may differ between repeats that are counted as one. */
  readonly about: string;
  /** Writes down that it happened so many times, to one or to several. */
  write(count: number, several: boolean): Promise<void>;
}

interface Window {
  readonly item: Repeated;
  count: number;
  several: boolean;
  readonly timer: NodeJS.Timeout;
}

/**
 * Writes the first of what comes again and again at once, and its repeats of a minute as one, when the minute is over or the process ends: a flood costs
 * memory of a bounded size and next to no rows. A process that is killed loses the count of the running minute, never the first.
 */
@Injectable()
export class RepeatCounter implements BeforeApplicationShutdown {
  private readonly windows = new Map<string, Window>();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** `crowd` stands for all those that there is no room to count apart. What cannot be written is logged. */
  async note(item: Repeated, crowd: Repeated): Promise<void> {
    const counted = this.windows.has(item.key) || this.windows.size < MAX_KEYS ? item : crowd;
    const open = this.windows.get(counted.key);
    if (open) return repeat(open, counted);
    const timer = setTimeout(() => void this.close(counted.key), WINDOW_MS);
    timer.unref();
    this.windows.set(counted.key, { item: counted, count: 0, several: false, timer });
    if (await this.write(counted, 1, false)) return;
    clearTimeout(timer);
    this.windows.delete(counted.key);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.windows.keys()].map((key) => this.close(key)));
  }

  private async close(key: string): Promise<void> {
    const window = this.windows.get(key);
    if (!window) return;
    clearTimeout(window.timer);
    this.windows.delete(key);
    if (window.count > 0) await this.write(window.item, window.count, window.several);
  }

  private async write(item: Repeated, count: number, several: boolean): Promise<boolean> {
    try {
      await item.write(count, several);
      return true;
    } catch (error) {
      this.logger.error({ error: errorMessage(error), count }, 'the audit could not be written');
      return false;
    }
  }
}

function repeat(window: Window, item: Repeated): void {
  window.count += 1;
  window.several ||= item.about !== window.item.about;
}
