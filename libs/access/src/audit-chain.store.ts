import { linkHash, CHAIN_START, type AuditEntry } from '#contracts';
import type { Tx } from '#database';

/** A row `a` of the audit in the form that the chain hashes. */
export const AUDIT_ENTRY = `a.id, a.workspace_id as "workspaceId", to_char(a.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, a.actor,
  a.member_id as "memberId", a.token_id as "tokenId", a.address, a.action, a.subject_kind as "subjectKind", a.subject_id as "subjectId", a.outcome, a.reason,
  a.count, a.before::text as before, a.after::text as after, a.correlation_id as "correlationId", a.causation_id as "causationId", a.event_id as "eventId"`;

const BY_IDS = `select ${AUDIT_ENTRY} from audit_log a where a.id = any($1) and a.at between $2::timestamptz - interval '1 day' and $3::timestamptz + interval '1 day'`;

const EVENTLESS = `select ${AUDIT_ENTRY} from audit_log a where a.event_id is null and a.id > $1
  and not exists (select 1 from audit_chain c where c.audit_id = a.id) order by a.id limit $2`;

const HEADS = `select w.id, c.position, c.hash from unnest($1::text[]) as w(id)
  cross join lateral (select position, hash from audit_chain where workspace_id = w.id order by position desc limit 1) c`;

const CHECKPOINTS = `select distinct on (workspace_id) workspace_id as id, (body::jsonb ->> 'position')::bigint as position, body::jsonb ->> 'hash' as hash
  from audit_checkpoint where workspace_id = any($1) order by workspace_id, id desc`;

const INSERT = `insert into audit_chain (workspace_id, position, audit_id, at, previous_hash, hash)
  select * from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])`;

interface Head {
  readonly id: string;
  readonly position: string;
  readonly hash: string;
}

/** Rows by id, written within a day of these times. */
export function entriesByIds(tx: Tx, ids: readonly string[], from: Date, to: Date): Promise<AuditEntry[]> {
  return tx.query<AuditEntry>(BY_IDS, [ids, from, to]);
}

/** The next rows after an id that no event leads to and that are not linked yet: those of before the chain, by id. */
export function eventlessEntries(tx: Tx, after: string, limit: number): Promise<AuditEntry[]> {
  return tx.query<AuditEntry>(EVENTLESS, [after, limit]);
}

export async function lastEventless(tx: Tx): Promise<string> {
  const [row] = await tx.query<{ id: string | null }>('select max(id) as id from audit_log where event_id is null');
  return row!.id ?? '';
}

/** Adds a link for each row to the chain of its workspace, in this order. One transaction at a time may do so. */
export async function linkEntries(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const heads = await headsOf(tx, [...new Set(entries.map((entry) => entry.workspaceId))]);
  const links = entries.map((entry) => {
    const { position, hash: previous } = heads.get(entry.workspaceId) ?? { position: 0, hash: CHAIN_START };
    const link = { entry, position: position + 1, previous, hash: linkHash(previous, entry) };
    heads.set(entry.workspaceId, link);
    return link;
  });
  await tx.query(INSERT, [
    links.map(({ entry }) => entry.workspaceId),
    links.map(({ position }) => position),
    links.map(({ entry }) => entry.id),
    links.map(({ entry }) => entry.at),
    links.map(({ previous }) => previous),
    links.map(({ hash }) => hash),
  ]);
}

/** Where the chains end; a chain whose links were all dropped goes on from its checkpoint. */
async function headsOf(tx: Tx, workspaceIds: readonly string[]): Promise<Map<string, { position: number; hash: string }>> {
  const [links, checkpoints] = [await tx.query<Head>(HEADS, [workspaceIds]), await tx.query<Head>(CHECKPOINTS, [workspaceIds])];
  const heads = new Map<string, { position: number; hash: string }>();
  for (const { id, position, hash } of [...links, ...checkpoints])
    if (Number(position) > (heads.get(id)?.position ?? 0)) heads.set(id, { position: Number(position), hash });
  return heads;
}
