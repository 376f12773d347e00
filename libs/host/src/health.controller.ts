import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { BLOB_STORE, type BlobStore } from '#storage';
import { Metrics } from '#telemetry';
import { errorMessage } from '#kernel';
import { Public } from './public.decorator.js';

/** Liveness, readiness and Prometheus metrics of a process. */
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    private readonly metrics: Metrics,
  ) {}

  @Get('livez')
  live(): { live: true } {
    return { live: true };
  }

  /** 503 with the parts that are not reachable. */
  @Get('readyz')
  async ready(): Promise<{ ready: true }> {
    const checks = {
      database: select(this.dataSource, 'select last_sequence from relay_state where id = 1'),
      storage: this.blobs.check(),
    };
    const failed: Record<string, string> = {};
    for (const [name, check] of Object.entries(checks))
      await check.catch((error: unknown) => (failed[name] = errorMessage(error)));
    if (Object.keys(failed).length) throw new ServiceUnavailableException({ ready: false, failed });
    return { ready: true };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.metrics.text();
  }
}
