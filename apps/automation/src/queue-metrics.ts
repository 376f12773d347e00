import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { Queues } from '#messaging';
import { Metrics } from '#telemetry';

/** Queue depth, relay lag and dead jobs, asked for when the metrics are read. */
@Injectable()
export class QueueMetrics implements OnApplicationBootstrap {
  constructor(
    private readonly queues: Queues,
    private readonly metrics: Metrics,
    private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.gauge('tailrace_queue_depth', 'Jobs waiting, delayed or running, by subscriber', async () =>
      (await this.queues.depths()).map(({ subscriber, depth }) => ({ value: depth, labels: { subscriber } })),
    );
    this.metrics.gauge('tailrace_relay_lag_events', 'Events that the relay has not dispatched', () =>
      this.count(
        'select count(*) from event_log where sequence is null or sequence > (select dispatched_through from relay_state where id = 1)',
      ),
    );
    this.metrics.gauge('tailrace_dead_jobs', 'Deliveries that failed for the last time', () =>
      this.count("select count(*) from inbox where state = 'dead'"),
    );
    this.metrics.gauge('tailrace_webhook_deliveries_waiting', 'Webhook deliveries that have not ended', () =>
      this.count("select count(*) from webhook_delivery where state = 'PENDING'"),
    );
  }

  private async count(sql: string): Promise<{ value: number }[]> {
    const [row] = await select<{ count: string }>(this.dataSource, sql);
    return [{ value: Number(row!.count) }];
  }
}
