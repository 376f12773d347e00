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

  async markFailed(tx: Tx, id: string, reason: string): Promise<boolean> {
    const rows = await tx.query(
      "update endpoint_revision set state = 'FAILED', reason = $2 where id = $1 and state = 'PENDING' returning 1",
      [id, reason],
    );
    return rows.length > 0;
  }
}
