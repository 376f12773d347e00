import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { LIVE, SHADOW } from './graph.store.js';

export interface Difference {
  /** Id of a node, or `from relation to` of an edge. */
  readonly what: string;
  /** `missing`: only the log has it; `surplus`: the log does not; `changed`: it says otherwise. */
  readonly how: 'missing' | 'surplus' | 'changed';
}

const SHOWN = 20;
const PAIRS = [
  { ...pair('node', 'id'), name: 'id' },
  { ...pair('edge', 'from_id, to_id, relation'), name: `from_id || ' ' || relation || ' ' || to_id` },
];

function pair(part: 'node' | 'edge', key: string) {
  return { live: LIVE[part], shadow: SHADOW[part], key: `workspace_id, ${key}` };
}

/** The graph of one workspace a second time, in tables that are gone with the transaction. */
@Injectable()
export class RebuildStore {
  /** Where the consumer stands; it waits there until the transaction ends. */
  async holdConsumer(tx: Tx): Promise<bigint> {
    const [row] = await tx.query<{ position: string }>(
      `select position from log_cursor where consumer = 'lineage' for update`,
      [],
    );
    return BigInt(row?.position ?? 0);
  }

  /** Begins with what events said that the log does not hold any more. */
  async openShadow(tx: Tx, workspaceId: string, prunedThrough: bigint): Promise<void> {
    for (const { live, shadow } of PAIRS)
      await tx.query(`create temporary table ${shadow} (like ${live} including defaults including indexes) on commit drop`, []);
    await tx.query(`insert into ${SHADOW.edge} select * from ${LIVE.edge} where workspace_id = $1 and sequence <= $2`, [
      workspaceId,
      String(prunedThrough),
    ]);
    await tx.query(
      `insert into ${SHADOW.node} (workspace_id, id, kind, label, label_sequence, project, at, sequence, phases, state, gone_at)
       select n.workspace_id, n.id, n.kind, case when n.label_sequence <= $2 then n.label else '' end,
              case when n.label_sequence <= $2 then n.label_sequence else 0 end, n.project, n.at, n.sequence, p.phases, p.state,
              case when p.gone then p.gone_at end
         from ${LIVE.node} n cross join lateral (
           select coalesce(jsonb_agg(e order by o), '[]') as phases,
                  (array_agg(e ->> 'state' order by o desc) filter (where e ? 'state'))[1] as state,
                  (array_agg((e ->> 'gone')::boolean order by o desc) filter (where e ? 'gone'))[1] as gone,
                  (array_agg((e ->> 'at')::timestamptz order by o desc) filter (where e ? 'gone'))[1] as gone_at
             from jsonb_array_elements(n.phases) with ordinality as x(e, o) where (e ->> 'sequence')::bigint <= $2) p
        where n.workspace_id = $1 and n.sequence <= $2`,
      [workspaceId, String(prunedThrough)],
    );
  }

  async compare(
    tx: Tx,
    workspaceId: string,
  ): Promise<{ nodes: number; edges: number; differing: number; differences: Difference[] }> {
    const counts: number[] = [];
    const differences: Difference[] = [];
    let differing = 0;
    for (const { live, shadow, key, name } of PAIRS) {
      const found = await tx.query<Difference & { count: number }>(
        `select ${name} as what, case when s is null then 'surplus' when l is null then 'missing' else 'changed' end as how, count(*) over ()::int as count
           from (select * from ${live} where workspace_id = $1) l full join ${shadow} s using (${key})
          where l is distinct from s order by 1 limit ${SHOWN}`,
        [workspaceId],
      );
      const [{ size }] = (await tx.query<{ size: number }>(`select count(*)::int as size from ${shadow}`, [])) as [
        { size: number },
      ];
      counts.push(size);
      differing += found[0]?.count ?? 0;
      differences.push(...found.map(({ what, how }) => ({ what, how })));
    }
    return { nodes: counts[0]!, edges: counts[1]!, differing, differences: differences.slice(0, SHOWN) };
  }

  /** Puts right what differs; rows that are the same stay as they are. */
  async swap(tx: Tx, workspaceId: string): Promise<void> {
    for (const { live, shadow, key } of PAIRS) {
      await tx.query(
        `delete from ${live} where workspace_id = $1 and (${key}) in (
           select ${key} from (select * from ${live} where workspace_id = $1) l left join ${shadow} s using (${key}) where l is distinct from s)`,
        [workspaceId],
      );
      await tx.query(`insert into ${live} select * from ${shadow} on conflict do nothing`, []);
    }
  }
}
