import { Inject, Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { EventLog, Notifier } from '#messaging';
import { DELIVERIES_DUE, DeliveriesStore } from './deliveries.store.js';
import { FACTS_PORT, type FactsPort } from './facts.port.js';
import { ReplaysStore, type ReplayFilter } from './replays.store.js';
import { deliveriesOf } from './webhook-matching.js';
import { WebhooksStore } from './webhooks.store.js';

/** A replay that is larger is refused before anything is changed. */
const MAX_DELIVERIES = 100_000;
const MAX_IDS = 1000;
const PAGE = 1000;

export interface ReplayInput extends ReplayFilter {
  readonly webhookId: string;
}

/** The stores that a replay works on. */
@Injectable()
export class ReplayStores {
  constructor(
    readonly replays: ReplaysStore,
    readonly webhooks: WebhooksStore,
    readonly deliveries: DeliveriesStore,
  ) {}
}

/** Sends again what ended, under the `webhook-id` that it had; of a range of the log also what the webhook was off for. */
@Injectable()
export class ReplaysService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stores: ReplayStores,
    private readonly log: EventLog,
    private readonly journal: Journal,
    private readonly notifier: Notifier,
    @Inject(FACTS_PORT) private readonly facts: FactsPort,
  ) {}

  /**
   * Makes the deliveries that pass the filter due, in the order of the log; they are sent like any others, and the replay tells how far that is. Throws
   * NOT_FOUND, CONFLICT for a webhook that is off, RESYNC for a range that the log does not hold any more, and BAD_INPUT for a filter that is none or
   * that more than 100,000 deliveries pass.
   */
  async replay(ctx: Ctx, { webhookId, ...filter }: ReplayInput): Promise<{ id: string }> {
    authorize(ctx, 'automation.write', '/');
    checkFilter(filter);
    if (filter.fromSequence !== undefined) await this.log.checkCursor(filter.fromSequence);
    return this.unitOfWork.run(ctx, async (tx) => {
      const webhook = await this.stores.webhooks.lock(tx, ctx.workspaceId, webhookId);
      if (!webhook) throw new DomainError('NOT_FOUND', `there is no webhook ${webhookId}`, 'webhookId');
      const { name, status } = webhook;
      if (status !== 'ACTIVE') throw new DomainError('CONFLICT', `the webhook ${name} is off; make it ACTIVE first`, 'webhookId');
      const id = newId('webhookReplay');
      const total = await this.take(tx, id, webhookId, filter);
      await this.stores.replays.insert(tx, { id, webhookId, total, createdBy: ctx.authId });
      await this.journal.record(tx, ctx, {
        event: 'webhook.replayed',
        subject: { kind: 'webhook', id: webhookId },
        data: { webhookId, name, replayId: id, count: total },
        after: { ...filter, count: total },
      });
      tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
      return { id };
    });
  }

  private async take(tx: Tx, id: string, webhookId: string, filter: ReplayFilter): Promise<number> {
    const taken = await this.stores.replays.take(tx, webhookId, id, filter);
    const missed = isWholeRange(filter) ? await this.addMissed(tx, id, webhookId, filter) : 0;
    if (taken + missed > MAX_DELIVERIES) throw tooMany();
    await this.stores.deliveries.resume(tx, webhookId);
    return taken + missed;
  }

  /** Events of the range that nothing was written down for, since the webhook was off. */
  private async addMissed(
    tx: Tx,
    replayId: string,
    webhookId: string,
    { fromSequence, toSequence }: ReplayFilter,
  ): Promise<number> {
    const webhook = await this.stores.webhooks.listening(tx, webhookId);
    const last = toSequence === undefined ? (await this.log.bounds()).last : BigInt(toSequence);
    let count = 0;
    for (let after = String(BigInt(fromSequence!) - 1n); ;) {
      const page = await this.log.read({ after, workspaceId: webhook.workspaceId, limit: PAGE });
      const events = page.filter(({ sequence }) => BigInt(sequence!) <= last);
      const rows = await deliveriesOf([webhook], events, this.facts);
      count += await this.stores.deliveries.insert(tx, rows, replayId);
      if (count > MAX_DELIVERIES) throw tooMany();
      if (events.length < PAGE) return count;
      after = events.at(-1)!.sequence!;
    }
  }
}

/** A range of the log that nothing else narrows. */
function isWholeRange({ ids, fromSequence, since, until, states, types }: ReplayFilter): boolean {
  return fromSequence !== undefined && [ids, since, until, states, types].every((part) => part === undefined);
}

function checkFilter(filter: ReplayFilter): void {
  if (Object.values(filter).every((part) => part === undefined))
    throw bad('say which deliveries: ids, a range of sequence or time, states or types', 'input');
  if (filter.ids && (filter.ids.length === 0 || filter.ids.length > MAX_IDS)) throw bad(`ids must be 1 to ${MAX_IDS}`, 'ids');
  for (const field of ['fromSequence', 'toSequence'] as const)
    if (filter[field] !== undefined && !/^[1-9]\d{0,17}$/.test(filter[field]))
      throw bad(`${field} must be the sequence of an event`, field);
  checkOrder(filter);
}

/** A range that ends before it begins is a mistake, not an empty replay. */
function checkOrder({ fromSequence, toSequence, since, until }: ReplayFilter): void {
  if (fromSequence !== undefined && toSequence !== undefined && BigInt(fromSequence) > BigInt(toSequence))
    throw bad(`toSequence ${toSequence} comes before fromSequence ${fromSequence}`, 'toSequence');
  if (since && until && since > until)
    throw bad(`until ${until.toISOString()} comes before since ${since.toISOString()}`, 'until');
}

const bad = (message: string, field: string): DomainError => new DomainError('BAD_INPUT', message, field);
const tooMany = () => bad(`more than ${MAX_DELIVERIES} deliveries pass this filter; narrow it`, 'input');
