import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '#database';
import { newId } from '#kernel';
import { scheduledCause } from './model/cause.js';
import { nextTime, wasMissed } from './model/schedule.js';
import { readFilter } from './model/trigger.js';
import { TriggerGate } from './trigger-gate.js';
import { TriggersStore } from './triggers.store.js';

const BATCH = 100;

/** Fires schedules that are due. Any number of processes may do it: each time is claimed by compare-and-set, and is one execution by its unique cause. */
@Injectable()
export class SchedulesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TriggersStore,
    private readonly gate: TriggerGate,
  ) {}

  /** Answers how many were due. */
  async fireDue(): Promise<number> {
    const due = await this.unitOfWork.run({}, (tx) => this.store.due(tx, BATCH));
    for (const { id, nextFireAt, now } of due) await this.unitOfWork.run({}, (tx) => this.fire(tx, id, nextFireAt, now));
    return due.length;
  }

  /** After a time in which nobody looked, one firing stands for all that was missed, or none does: the schedule says which. */
  private async fire(tx: Tx, id: string, due: Date, now: Date): Promise<void> {
    const trigger = await this.store.find(tx, id);
    const filter = trigger && readFilter(trigger.filter);
    if (filter?.kind !== 'schedule') return;
    if (!(await this.store.claimDue(tx, id, due, nextTime(filter, now) ?? null))) return;
    const skip = wasMissed(due, now) && filter.catchUp === 'none' ? `missed: it was due at ${due.toISOString()}` : undefined;
    const cause = scheduledCause(id, due, newId('event').slice(4));
    await this.gate.admit(tx, [{ triggerId: id, cause, facts: null, skip }]);
  }
}
