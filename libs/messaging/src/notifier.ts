import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';

/**
 * Wakes listeners after a commit. NOTIFY carries nothing that a listener needs: it reads the table, and polls in case a wake-up was lost.
 * Wake-ups of one channel that come together are sent once.
 */
@Injectable()
export class Notifier implements OnApplicationShutdown {
  private readonly pending = new Set<string>();
  private sending: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  wake(channel: string, payload = ''): void {
    this.pending.add(`${channel}\n${payload}`);
    this.sending ??= this.send();
  }

  private async send(): Promise<void> {
    await Promise.resolve();
    while (this.pending.size > 0) {
      const batch = [...this.pending].map((item) => item.split('\n'));
      this.pending.clear();
      await select(this.dataSource, 'select pg_notify(c, p) from unnest($1::text[], $2::text[]) as t(c, p)', [
        batch.map((b) => b[0]),
        batch.map((b) => b[1]),
      ]).catch(() => undefined);
    }
    this.sending = undefined;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sending;
  }
}
