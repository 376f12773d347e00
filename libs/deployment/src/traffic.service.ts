import { Injectable } from '@nestjs/common';
import type { TrafficReport } from '#contracts';
import { UnitOfWork } from '#database';
import { TrafficStore } from './traffic.store.js';

/** Use case of nodes that tell what they have answered. Figures are no change of anything, so that nothing is said of them in the log. */
@Injectable()
export class TrafficService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrafficStore,
  ) {}

  /** Sums since the start of the node; a report that comes twice, or late, changes nothing. Revisions that are not here are passed over. */
  async record(report: TrafficReport): Promise<void> {
    await this.unitOfWork.run({}, (tx) => this.store.record(tx, report));
  }
}
