import { Injectable } from '@nestjs/common';
import type { GateResult, Stage } from '#contracts';
import type { Tx } from '#database';
import { ApprovalEntity, ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';
import type { RequestState } from './model/stage-rules.js';

@Injectable()
export class RegistryStore {
  async insertModel(tx: Tx, row: Omit<ModelEntity, 'lastNumber' | 'createdAt'>): Promise<boolean> {
    const rows = await tx.query(
      `insert into model (id, workspace_id, project, name, description, flow, created_by) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (workspace_id, name) do nothing returning 1`,
      [row.id, row.workspaceId, row.project, row.name, row.description, JSON.stringify(row.flow), row.createdBy],
    );
    return rows.length > 0;
  }

  /** Locks the model: versions are numbered and stages change one after the other. */
  lockModel(tx: Tx, workspaceId: string, where: { id: string } | { name: string }): Promise<ModelEntity | null> {
    return tx.em.findOne(ModelEntity, { where: { workspaceId, ...where }, lock: { mode: 'pessimistic_write' } });
  }

  version(tx: Tx, workspaceId: string, id: string): Promise<ModelVersionEntity | null> {
    return tx.em.findOneBy(ModelVersionEntity, { workspaceId, id });
  }

  versionOfRun(tx: Tx, modelId: string, runId: string): Promise<ModelVersionEntity | null> {
    return tx.em.findOneBy(ModelVersionEntity, { modelId, runId });
  }

  async insertVersion(tx: Tx, row: Partial<ModelVersionEntity>): Promise<void> {
    await tx.query('update model set last_number = $2 where id = $1', [row.modelId, row.number]);
    await tx.em.insert(ModelVersionEntity, row as never);
  }

  holder(tx: Tx, modelId: string, stage: string): Promise<ModelVersionEntity | null> {
    return tx.em.findOneBy(ModelVersionEntity, { modelId, slot: stage });
  }

  async moveVersion(tx: Tx, id: string, from: string, to: string, stage: Stage | undefined): Promise<boolean> {
    const rows = await tx.query('update model_version set stage = $3, slot = $4 where id = $1 and stage = $2 returning 1', [
      id,
      from,
      to,
      stage?.holds === 'one' ? to : null,
    ]);
    return rows.length > 0;
  }

  async insertRequest(tx: Tx, row: Partial<StageRequestEntity>): Promise<boolean> {
    const rows = await tx.query(
      `insert into stage_request (id, workspace_id, model_id, version_id, stage, state, reason, requested_by, member_id)
       values ($1, $2, $3, $4, $5, 'EVALUATING', $6, $7, $8) on conflict do nothing returning 1`,
      [row.id, row.workspaceId, row.modelId, row.versionId, row.stage, row.reason ?? null, row.requestedBy, row.memberId ?? null],
    );
    return rows.length > 0;
  }

  lockRequest(tx: Tx, workspaceId: string, id: string): Promise<StageRequestEntity | null> {
    return tx.em.findOne(StageRequestEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Compare-and-set on the request's state. */
  async setRequest(
    tx: Tx,
    id: string,
    from: RequestState,
    to: RequestState,
    patch: { gates?: readonly GateResult[]; championId?: string | null } = {},
  ): Promise<boolean> {
    const rows = await tx.query(
      `update stage_request set state = $3, gates = coalesce($4::jsonb, gates), champion_id = coalesce($5, champion_id),
         decided_at = case when $3 in ('DONE', 'REJECTED', 'BLOCKED', 'STALE') then clock_timestamp() else null end
        where id = $1 and state = $2 returning 1`,
      [id, from, to, patch.gates ? JSON.stringify(patch.gates) : null, patch.championId ?? null],
    );
    return rows.length > 0;
  }

  async addApproval(tx: Tx, row: Omit<ApprovalEntity, 'at'>): Promise<boolean> {
    const rows = await tx.query(
      'insert into approval (id, request_id, member_id, decision, comment) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1',
      [row.id, row.requestId, row.memberId, row.decision, row.comment],
    );
    return rows.length > 0;
  }

  async approvals(tx: Tx, requestId: string): Promise<number> {
    return tx.em.countBy(ApprovalEntity, { requestId, decision: 'approved' });
  }
}
