import { sign } from 'node:crypto';
import type pg from 'pg';
import { auditStatement, createCtx } from '#access';
import type { Config } from '#config';
import type { AuditCheckpoint } from '#contracts';
import { canonicalJson, newId } from '#kernel';
import { eventStatement } from '#messaging';
import { openSource } from '../backup/source-database.js';
import { droppedBefore, partitionsBefore, unlinkedIn, type Dropped } from './partitions.js';
import { signingKey, type SigningKey } from './signing-key.js';

export interface Retired {
  readonly before: string;
  readonly partitions: readonly string[];
  readonly checkpoints: readonly AuditCheckpoint[];
}

/**
 * Drops the partitions of the audit that end by `before`, whole ones only, in one transaction with a signed checkpoint, an audit row and an event for each
 * workspace that loses rows. Needs the role that owns the tables. Throws, and drops nothing, when a row of them is not linked to its chain yet.
 */
export async function retireAudit(config: Config, before: Date, say: (line: string) => void): Promise<Retired> {
  const key = await signingKey(config.auditKeyFile);
  const source = await openSource(config, say);
  try {
    return await inTransaction(source.client, (client) => retire(client, before, key));
  } finally {
    await source.close();
  }
}

async function retire(client: pg.Client, before: Date, key: SigningKey): Promise<Retired> {
  // Rows that came before their month had a partition get one, so that they can go with it.
  await client.query('select audit_partitions()');
  const partitions = await partitionsBefore(client, before);
  const result = { before: before.toISOString(), partitions: partitions.map(({ name }) => name) };
  if (partitions.length === 0) return { ...result, checkpoints: [] };
  // Until the end nobody links and nobody else retires; the rows themselves are of months that are over.
  await client.query(`select 1 from log_cursor where consumer = 'audit-chain' for update`);
  const until = partitions.at(-1)!.until;
  const waiting = await unlinkedIn(client, until);
  if (waiting > 0)
    throw new Error(`${waiting} entries of before ${until.toISOString()} are not linked to their chains yet; try again`);
  const checkpoints: AuditCheckpoint[] = [];
  for (const dropped of await droppedBefore(client, until))
    checkpoints.push(await checkpoint(client, dropped, { ...result, until }, key));
  for (const { name } of partitions) await client.query(`drop table public."${name}"`);
  return { ...result, checkpoints };
}

async function checkpoint(
  client: pg.Client,
  { workspaceId, position, hash, rows, kept }: Dropped,
  { until, partitions }: { until: Date; partitions: readonly string[] },
  key: SigningKey,
): Promise<AuditCheckpoint> {
  const id = newId('auditCheckpoint');
  const before = until.toISOString();
  const at = new Date().toISOString();
  const said = { id, workspaceId, at, before, position, hash, rows, kept, partitions, publicKey: key.publicKey };
  const body = canonicalJson(said);
  const signature = sign(null, Buffer.from(body), key.privateKey).toString('base64');
  const insert = 'insert into audit_checkpoint (id, workspace_id, at, body, signature) values ($1, $2, $3, $4, $5)';
  await client.query(insert, [id, workspaceId, at, body, signature]);
  await journal(client, said);
  return said;
}

/** The row and the event that the application's own journal would write. */
async function journal(client: pg.Client, { id, workspaceId, before, position, hash, rows }: AuditCheckpoint): Promise<void> {
  const ctx = createCtx(workspaceId, { kind: 'system', name: 'audit-retention' });
  const eventId = newId('event');
  const subject = { kind: 'audit_checkpoint', id };
  const data = { checkpointId: id, before, position, hash, rows };
  for (const { sql, params } of [
    auditStatement(eventId, ctx, { action: 'audit.retired', subject, outcome: 'done', after: data }),
    eventStatement(eventId, ctx, 'audit.retired', `${subject.kind}/${id}`, data),
  ])
    await client.query(sql, [...params]);
}

async function inTransaction<T>(client: pg.Client, work: (client: pg.Client) => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query("set local lock_timeout = '5s'");
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
