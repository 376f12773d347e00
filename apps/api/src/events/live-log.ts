import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Ctx } from '#access';
import { checkedTypes, hears } from '#automation';
import { EVENT_NAMES, type EventName, type LoggedEvent } from '#contracts';
import { DomainError, Waker } from '#kernel';
import { EventLog, Wakeups } from '#messaging';

const BATCH = 200;
const POLL_MS = 2000;
/** Readers at a time, each of which asks the database: of one caller, and in all of this process. */
const MOST = { each: 100, all: 2000 };

/** Types as callers write them, short or in full, and patterns as webhooks have them (`model.*`, `*`). Throws BAD_INPUT for one that is not in the catalogue. */
export function namesOf(types: readonly string[] | null | undefined): EventName[] | undefined {
  if (!types) return undefined;
  const asked = checkedTypes(types);
  return EVENT_NAMES.filter((name) => hears(asked, name));
}

/** Follows the log from a sequence on, without gap or duplicate: NOTIFY wakes, the table is read. */
@Injectable()
export class LiveLog implements OnModuleDestroy {
  /** Who reads by which waker. */
  private readonly open = new Map<Waker, string>();

  constructor(
    private readonly log: EventLog,
    private readonly wakeups: Wakeups,
  ) {}

  onModuleDestroy(): void {
    for (const waker of this.open.keys()) waker.close();
  }

  /** Events of the caller's workspace after `after`; from now on when it is absent. Throws RESYNC when the log does not reach back so far, TOO_MANY for a caller who reads it too often already. */
  async follow(
    ctx: Ctx,
    after: string | null | undefined,
    types: readonly string[] | null | undefined,
  ): Promise<AsyncGenerator<LoggedEvent>> {
    const names = namesOf(types);
    this.checkRoom(ctx);
    const start = after ?? (await this.log.bounds()).last.toString();
    await this.log.checkCursor(start);
    return this.read(ctx, start, names);
  }

  private checkRoom({ authId }: Ctx): void {
    const readers = [...this.open.values()];
    if (readers.length >= MOST.all || readers.filter((reader) => reader === authId).length >= MOST.each)
      throw new DomainError(
        'TOO_MANY',
        `the log is read ${MOST.each} times at once by one caller, and ${MOST.all} times in all, at most`,
      );
  }

  private async *read(ctx: Ctx, start: string, names: EventName[] | undefined): AsyncGenerator<LoggedEvent> {
    const waker = new Waker();
    this.open.set(waker, ctx.authId);
    const off = this.wakeups.on('sequenced', () => waker.wake());
    try {
      for (let after = start; !waker.isClosed;) {
        waker.reset();
        const events = await this.log.read({ after, workspaceId: ctx.workspaceId, names, limit: BATCH });
        for (const event of events) {
          yield event;
          after = event.sequence!;
        }
        if (events.length < BATCH) await waker.wait(POLL_MS);
      }
    } finally {
      off();
      this.open.delete(waker);
    }
  }
}
