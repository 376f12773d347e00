import { Injectable } from '@nestjs/common';
import { authorize, Journal, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { EventLog, Inbox } from '#messaging';
import { foldEvents } from './graph-fold.js';
import { GraphStore, SHADOW } from './graph.store.js';
import { RebuildStore, type Difference } from './rebuild.store.js';
import { DRAWN_NAMES } from './rules/graph-of-event.js';

export interface Rebuilt {
  /** Sequence up to which both graphs go, and the one after which the log begins. */
  readonly through: string;
  readonly prunedThrough: string;
  readonly events: number;
  readonly nodes: number;
  readonly edges: number;
  /** Rows in which the kept graph differed from the log. */
  readonly differing: number;
  /** The first of them. */
  readonly differences: readonly Difference[];
  /** Whether they were put right. */
  readonly changed: boolean;
}

const BATCH = 1000;

/** Use case of building a workspace's graph anew from the log. */
@Injectable()
export class RebuildService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RebuildStore,
    private readonly graph: GraphStore,
    private readonly log: EventLog,
    private readonly journal: Journal,
    private readonly inbox: Inbox,
  ) {}

  /**
   * Builds the graph beside the kept one, compares the two, and unless `check` puts right what differs; all in one transaction, so that who ends in the
   * middle leaves the graph as it was. The consumer waits meanwhile; events go on. What came by events that retention has dropped stays. Throws CONFLICT
   * when retention drops some meanwhile.
   */
  async rebuild(ctx: Ctx, { check }: { readonly check: boolean }): Promise<Rebuilt> {
    authorize(ctx, 'operations.write');
    return this.unitOfWork.run(ctx, async (tx) => {
      const through = await this.store.holdConsumer(tx);
      const { prunedThrough } = await this.log.bounds();
      await this.store.openShadow(tx, ctx.workspaceId, prunedThrough);
      const events = await this.replay(tx, ctx, prunedThrough, through);
      if ((await this.log.bounds()).prunedThrough !== prunedThrough)
        throw new DomainError('CONFLICT', 'retention has dropped events of the log meanwhile; ask again');
      const found = await this.store.compare(tx, ctx.workspaceId);
      const changed = !check && found.differing > 0;
      if (changed) await this.store.swap(tx, ctx.workspaceId);
      if (!check) await this.say(tx, ctx, { events, ...found });
      return { through: String(through), prunedThrough: String(prunedThrough), events, ...found, changed };
    });
  }

  /** Events never change once they have a number, so that they may be read outside the transaction. What the consumer gave up, nobody can draw. */
  private async replay(tx: Tx, ctx: Ctx, prunedThrough: bigint, through: bigint): Promise<number> {
    const dead = await this.inbox.givenUpBy('lineage');
    let count = 0;
    for (let after = String(prunedThrough); ;) {
      const read = await this.log.read({ after, workspaceId: ctx.workspaceId, names: DRAWN_NAMES, limit: BATCH });
      const events = read.filter(({ sequence }) => BigInt(sequence!) <= through);
      await this.graph.apply(tx, foldEvents(events.filter(({ id }) => !dead.has(id))), SHADOW);
      count += events.length;
      if (events.length < BATCH) return count;
      after = events.at(-1)!.sequence!;
    }
  }

  private async say(
    tx: Tx,
    ctx: Ctx,
    { events, nodes, edges, differing }: Pick<Rebuilt, 'events' | 'nodes' | 'edges' | 'differing'>,
  ): Promise<void> {
    const subject = { kind: 'workspace', id: ctx.workspaceId };
    await this.journal.record(tx, ctx, { event: 'lineage.rebuilt', subject, data: { events, nodes, edges, differing } });
  }
}
