import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { sleep } from '#kernel';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';

type Listener = (payload: string) => void;

/**
 * The process's one LISTEN connection. It comes back by itself when the connection breaks, and then wakes every listener once, since
 * wake-ups may have been missed.
 */
@Injectable()
export class Wakeups implements OnApplicationShutdown {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly stop = new AbortController();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;

  constructor(@Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions) {}

  /** Calls `listener` at each NOTIFY on `channel`; returns the function that ends it. */
  on(channel: string, listener: Listener): () => void {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set.add(listener));
    this.running ??= this.run();
    if (set.size === 1) void this.client?.query(`listen ${channel}`).catch(() => undefined);
    return () => set.delete(listener);
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.session().catch(() => undefined);
      this.client = undefined;
      await sleep(500, this.stop.signal);
    }
  }

  private async session(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.databaseUrl,
      application_name: `tailrace-${this.options.service}-listen`,
      keepAlive: true,
    });
    const ended = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ channel, payload }) =>
      this.listeners.get(channel)?.forEach((listener) => listener(payload ?? '')),
    );
    await client.connect();
    this.client = client;
    for (const channel of this.listeners.keys()) await client.query(`listen ${channel}`);
    for (const set of this.listeners.values()) set.forEach((listener) => listener(''));
    const stopped = new Promise<void>((resolve) => this.stop.signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([ended, stopped]);
    await client.end().catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}
