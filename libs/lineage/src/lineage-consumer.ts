import { Injectable } from '@nestjs/common';
import type { LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LogConsumer, LogConsumerHost } from '#messaging';
import { DRAWN, graphOfEvent } from './graph-of-event.js';

/** Keeps the graph by reading what the log says of it: nodes and edges are written in the transaction of the cursor. */
@Injectable()
export class LineageConsumer extends LogConsumer {
  protected readonly consumer = 'lineage';
  protected override readonly restMs = 50;
  protected override readonly concerns = `e.type in (${DRAWN.map((type) => `'${type}'`).join()})`;

  constructor(host: LogConsumerHost) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    const parts = events.map((event) => ({ event, ...graphOfEvent(event) }));
    const nodes = parts.flatMap(({ event, nodes }) => nodes.map((node) => ({ ...node, event })));
    const edges = parts.flatMap(({ event, edges }) => edges.map((edge) => ({ ...edge, event })));
    if (nodes.length)
      await tx.query(
        `insert into lineage_node (workspace_id, id, kind, label, at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) on conflict do nothing`,
        [
          nodes.map((n) => n.event.workspaceId),
          nodes.map((n) => n.id),
          nodes.map((n) => n.kind),
          nodes.map((n) => n.label ?? n.id),
          nodes.map((n) => n.event.time),
        ],
      );
    if (edges.length)
      await tx.query(
        `insert into lineage_edge (workspace_id, from_id, to_id, relation, event_id, at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) on conflict do nothing`,
        [
          edges.map((e) => e.event.workspaceId),
          edges.map((e) => e.from),
          edges.map((e) => e.to),
          edges.map((e) => e.relation),
          edges.map((e) => e.event.id),
          edges.map((e) => e.event.time),
        ],
      );
  }
}
