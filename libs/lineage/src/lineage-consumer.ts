import { Injectable } from '@nestjs/common';
import type { LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LogConsumer, LogConsumerHost } from '#messaging';
import { foldEvents } from './graph-fold.js';
import { GraphStore, LIVE } from './graph.store.js';
import { IS_DRAWN } from './rules/graph-of-event.js';

/** Keeps the graph by reading what the log says of it: nodes and edges are written in the transaction of the cursor. */
@Injectable()
export class LineageConsumer extends LogConsumer {
  protected readonly consumer = 'lineage';
  protected override readonly restMs = 50;
  protected override readonly concerns = IS_DRAWN;

  constructor(
    host: LogConsumerHost,
    private readonly store: GraphStore,
  ) {
    super(host);
  }

  protected apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    return this.store.apply(tx, foldEvents(events), LIVE);
  }
}
