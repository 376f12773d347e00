import { Injectable } from '@nestjs/common';
import type { TrafficReport } from '#contracts';
import type { Tx } from '#database';

const RECORD = `insert into revision_traffic as t (revision_id, node_id, boot_id, requests, rows, refused, errors, latency, classes)
  select r.id, $1, $2, u.requests, u.rows, u.refused, u.errors, array(select jsonb_array_elements_text(u.latency)::bigint), u.classes
    from jsonb_to_recordset($3::jsonb) as u("revisionId" text, requests bigint, rows bigint, refused bigint, errors bigint, latency jsonb, classes jsonb)
    join endpoint_revision r on r.id = u."revisionId" order by r.id
  on conflict (revision_id, node_id, boot_id) do update set requests = excluded.requests, rows = excluded.rows, refused = excluded.refused,
    errors = excluded.errors, latency = excluded.latency, classes = excluded.classes, last_at = now() where t.requests < excluded.requests`;

@Injectable()
export class TrafficStore {
  async record(tx: Tx, { nodeId, bootId, revisions }: TrafficReport): Promise<void> {
    await tx.query(RECORD, [nodeId, bootId, JSON.stringify(revisions)]);
  }
}
