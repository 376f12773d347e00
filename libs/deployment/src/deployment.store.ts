import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { EndpointEntity, RevisionEntity } from './deployment.entities.js';

@Injectable()
export class DeploymentStore {
  async insertEndpoint(tx: Tx, row: Omit<EndpointEntity, 'desiredRevisionId' | 'lastNumber' | 'createdAt'>): Promise<boolean> {
    const rows = await tx.query(
      `insert into endpoint (id, workspace_id, project, name, model_id, stage, created_by) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (workspace_id, name) do nothing returning 1`,
      [row.id, row.workspaceId, row.project, row.name, row.modelId, row.stage, row.createdBy],
    );
    return rows.length > 0;
  }

  async followers(tx: Tx, workspaceId: string, modelId: string, stage: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      'select id from endpoint where workspace_id = $1 and model_id = $2 and stage = $3 order by id',
      [workspaceId, modelId, stage],
    );
    return rows.map((row) => row.id);
  }

  lockEndpoint(tx: Tx, id: string): Promise<EndpointEntity | null> {
    return tx.em.findOne(EndpointEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  revision(tx: Tx, id: string): Promise<RevisionEntity | null> {
    return tx.em.findOneBy(RevisionEntity, { id });
  }

  async insertRevision(tx: Tx, row: Partial<RevisionEntity>): Promise<void> {
    await tx.em.insert(RevisionEntity, row as never);
    await tx.query('update endpoint set desired_revision_id = $2, last_number = $3 where id = $1', [
      row.endpointId,
      row.id,
      row.number,
    ]);
  }

  /** READY by compare-and-set; the revision that was READY before retires. */
  async markReady(tx: Tx, revision: RevisionEntity): Promise<boolean> {
    const rows = await tx.query(
      "update endpoint_revision set state = 'READY', ready_at = clock_timestamp(), reason = null where id = $1 and state in ('PENDING', 'FAILED') returning 1",
      [revision.id],
    );
    if (rows.length === 0) return false;
    await tx.query("update endpoint_revision set state = 'RETIRED' where endpoint_id = $1 and id <> $2 and state = 'READY'", [
      revision.endpointId,
      revision.id,
    ]);
    return true;
  }

  /** Whether a version was ready on an endpoint before. */
  async hasServed(tx: Tx, endpointId: string, modelVersionId: string): Promise<boolean> {
    const rows = await tx.query(
      'select 1 from endpoint_revision where endpoint_id = $1 and model_version_id = $2 and ready_at is not null limit 1',
      [endpointId, modelVersionId],
    );
    return rows.length > 0;
  }

  /** The last revision before this one that was ready and that can be gone back to. */
  async readyBefore(tx: Tx, revision: RevisionEntity): Promise<{ modelVersionId: string } | undefined> {
    const [row] = await tx.query<{ modelVersionId: string }>(
      `select model_version_id as "modelVersionId" from endpoint_revision r
       where endpoint_id = $1 and number < $2 and ready_at is not null and model_version_id <> $3
         and not exists (select 1 from endpoint_revision b where b.endpoint_id = $1 and b.model_version_id = r.model_version_id
           and b.rolled_back_at > r.ready_at)
       order by number desc limit 1`,
      [revision.endpointId, revision.number, revision.modelVersionId],
    );
    return row;
  }

  async markRolledBack(tx: Tx, id: string): Promise<void> {
    await tx.query('update endpoint_revision set rolled_back_at = clock_timestamp() where id = $1', [id]);
  }

  async markFailed(tx: Tx, id: string, reason: string): Promise<boolean> {
    const rows = await tx.query(
      "update endpoint_revision set state = 'FAILED', reason = $2 where id = $1 and state = 'PENDING' returning 1",
      [id, reason],
    );
    return rows.length > 0;
  }
}
