import { Injectable } from '@nestjs/common';
import type { GateResult, Stage } from '#contracts';
import type { Tx } from '#database';
import { ApprovalEntity, ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';
import type { RequestState } from './model/stage-rules.js';

/** SQLSTATEs of a key that is taken and of a row that others refer to. */
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

@Injectable()
export class RegistryStore {
  async insertModel(tx: Tx, row: Omit<ModelEntity, 'lastNumber' | 'createdAt' | 'updatedAt'>): Promise<boolean> {
    const rows = await tx.query(
      `insert into model (id, workspace_id, project, name, description, flow, created_by) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (workspace_id, name) do nothing returning 1`,
      [row.id, row.workspaceId, row.project, row.name, row.description, JSON.stringify(row.flow), row.createdBy],
    );
    return rows.length > 0;
  }

  /** Locks the model: versions are numbered and stages change one after the other. */
  lockModel(tx: Tx, workspaceId: string, where: { id: string } | { name: string }): Promise<ModelEntity | null> {
    return 'id' in where
      ? tx.first(ModelEntity, 'where workspace_id = $1 and id = $2 for update', [workspaceId, where.id])
      : tx.first(ModelEntity, 'where workspace_id = $1 and name = $2 for update', [workspaceId, where.name]);
  }

  /** False when the name is taken; then the transaction can only be rolled back. */
  async setModel(tx: Tx, id: string, patch: { name?: string; description?: string }): Promise<boolean> {
    try {
      await tx.query(
        'update model set name = coalesce($2, name), description = coalesce($3, description), updated_at = clock_timestamp() where id = $1',
        [id, patch.name ?? null, patch.description ?? null],
      );
      return true;
    } catch (error) {
      if (codeOf(error) === UNIQUE_VIOLATION) return false;
      throw error;
    }
  }

  /** The model and all that hangs on it. False when an endpoint refers to it; then the transaction can only be rolled back. */
  async deleteModel(tx: Tx, id: string): Promise<boolean> {
    try {
      await tx.query('delete from approval a using stage_request r where r.id = a.request_id and r.model_id = $1', [id]);
      await tx.query('delete from stage_request where model_id = $1', [id]);
      await tx.query('delete from model_version where model_id = $1', [id]);
      await tx.query('delete from model where id = $1', [id]);
      return true;
    } catch (error) {
      if (codeOf(error) === FOREIGN_KEY_VIOLATION) return false;
      throw error;
    }
  }

  /** With deleted ones: their stage requests go on naming them. */
  version(tx: Tx, workspaceId: string, id: string): Promise<ModelVersionEntity | null> {
    return tx.first(ModelVersionEntity, 'where workspace_id = $1 and id = $2', [workspaceId, id]);
  }

  versionByNumber(tx: Tx, modelId: string, number: number): Promise<ModelVersionEntity | null> {
    return tx.first(ModelVersionEntity, 'where model_id = $1 and number = $2', [modelId, number]);
  }

  candidateOfRun(tx: Tx, modelId: string, candidateRun: string): Promise<ModelVersionEntity | null> {
    return tx.first(ModelVersionEntity, 'where model_id = $1 and candidate_run = $2', [modelId, candidateRun]);
  }

  async insertVersion(tx: Tx, row: Partial<ModelVersionEntity>): Promise<void> {
    const numbered = 'update model set last_number = $2, updated_at = greatest(updated_at, now()) where id = $1';
    await Promise.all([tx.query(numbered, [row.modelId, row.number]), tx.insert(ModelVersionEntity, row)]);
  }

  async describeVersion(tx: Tx, id: string, description: string): Promise<void> {
    await tx.query('update model_version set description = $2, updated_at = clock_timestamp() where id = $1', [id, description]);
  }

  /** Its number stays taken; its slot becomes free, and what is asked for it comes to nothing. */
  async deleteVersion(tx: Tx, version: { id: string; modelId: string }): Promise<void> {
    await tx.query('update model_version set slot = null, deleted_at = now(), updated_at = now() where id = $1', [version.id]);
    await tx.query(
      `update stage_request set state = 'STALE', decided_at = now() where version_id = $1 and state in ('EVALUATING', 'AWAITING_APPROVAL')`,
      [version.id],
    );
    await this.touchModel(tx, version.modelId);
  }

  /** Versions that stand in one of some stages, oldest first. */
  async inStages(tx: Tx, modelId: string, stages: readonly string[]): Promise<ModelVersionEntity[]> {
    const query = tx.em.createQueryBuilder(ModelVersionEntity, 'v').where('v.modelId = :modelId', { modelId });
    return query.andWhere('v.stage = any(:stages) and v.deletedAt is null', { stages }).orderBy('v.number').getMany();
  }

  holder(tx: Tx, modelId: string, stage: string): Promise<ModelVersionEntity | null> {
    return tx.first(ModelVersionEntity, 'where model_id = $1 and slot = $2', [modelId, stage]);
  }

  async moveVersion(tx: Tx, id: string, from: string, to: string, stage: Stage | undefined): Promise<boolean> {
    const rows = await tx.query(
      // Those that a move archives have its time.
      `update model_version set stage = $3, slot = $4, updated_at = greatest(updated_at, now())
        where id = $1 and stage = $2 and deleted_at is null returning 1`,
      [id, from, to, stage?.holds === 'one' ? to : null],
    );
    return rows.length > 0;
  }

  async touchModel(tx: Tx, id: string): Promise<void> {
    await tx.query('update model set updated_at = clock_timestamp() where id = $1', [id]);
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
    return tx.first(StageRequestEntity, 'where workspace_id = $1 and id = $2 for update', [workspaceId, id]);
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
