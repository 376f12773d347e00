import type pg from 'pg';
import { AUDIT_ENTRY } from '#access';
import { ChainCheck, type AuditCheckpoint, type AuditLink } from '#contracts';

const LINKS = `select c.position::float8 as position, c.audit_id as "auditId", c.previous_hash as "previousHash", c.hash, to_jsonb(e) as entry
  from audit_chain c left join lateral (select ${AUDIT_ENTRY} from audit_log a where a.id = c.audit_id and a.at = c.at) e on true
  where c.workspace_id = $1 order by c.position`;
const CHECKPOINT = 'select body from audit_checkpoint where workspace_id = $1 order by id desc limit 1';
const UNLINKED = `select a.id, a.action from audit_log a where not exists (select 1 from audit_chain c where c.audit_id = a.id and c.at = a.at)`;

/** What does not hold of the audit's chains: each is whole, up to the last row of its workspace, and every hash is right. */
export async function chainOffences(client: pg.Client): Promise<string[]> {
  const unlinked = (await client.query(UNLINKED)).rows;
  const found = unlinked.length
    ? [`every row of the audit is linked: ${unlinked.length} are not, such as ${JSON.stringify(unlinked.slice(0, 3))}`]
    : [];
  const { rows } = await client.query<{ id: string }>('select distinct workspace_id as id from audit_log');
  for (const { id } of rows) found.push(...(await brokenIn(client, id)));
  return found;
}

async function brokenIn(client: pg.Client, workspaceId: string): Promise<string[]> {
  const [checkpoint] = (await client.query<{ body: string }>(CHECKPOINT, [workspaceId])).rows;
  const check = new ChainCheck(workspaceId, checkpoint && (JSON.parse(checkpoint.body) as AuditCheckpoint));
  const says = ({ position, problem }: { position: number; problem: string }) => [
    `the chain of ${workspaceId} holds: at ${position}, ${problem}`,
  ];
  for (const link of (await client.query<AuditLink>(LINKS, [workspaceId])).rows) {
    const broken = check.add(link);
    if (broken) return says(broken);
  }
  const broken = check.end();
  return broken ? says(broken) : [];
}
