import { Injectable } from '@nestjs/common';
import type { ManifestFile, ScanResult, StageFlow } from '#contracts';
import type { Tx } from '#database';
import type { CardSections } from './model/card.js';
import { ModelEntity, ModelVersionEntity } from './registry.entities.js';

/** SQLSTATEs of a key that is taken and of a row that others refer to. */
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

export type NewModelRow = Pick<ModelEntity, 'id' | 'workspaceId' | 'project' | 'name' | 'description' | 'flow' | 'createdBy'> & {
  /** Flow of the workspace that comes before `flow`; null for none. */
  readonly flowName: string | null;
};

@Injectable()
export class RegistryStore {
  /**
   * The new model's flow: the workspace's own of that name, where it has one, else the one given. Undefined when the name is taken.
   */
  async insertModel(tx: Tx, row: NewModelRow): Promise<{ flow: StageFlow; flowId: string | null } | undefined> {
    const { id, workspaceId, project, name, description, flow, flowName, createdBy } = row;
    const [made] = await tx.query<{ flow: StageFlow; flowId: string | null }>(
      // Shared with its changes, so that no model is made with a flow that has just become another.
      `with f as (select id, flow from stage_flow where workspace_id = $2 and name = $7 for share)
       insert into model (id, workspace_id, project, name, description, flow, flow_id, created_by)
       select $1, $2, $3, $4, $5, coalesce((select flow from f), $6::jsonb), (select id from f), $8
       on conflict (workspace_id, name) do nothing returning flow, flow_id as "flowId"`,
      [id, workspaceId, project, name, description, JSON.stringify(flow), flowName, createdBy],
    );
    return made;
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

  async setScan(tx: Tx, id: string, manifest: readonly ManifestFile[], scan: ScanResult): Promise<void> {
    const row = [id, JSON.stringify(manifest), JSON.stringify(scan)];
    await tx.query('update model_version set manifest = $2, scan = $3 where id = $1', row);
  }

  /** Sections that are named are set; an empty one goes. */
  async setCard(tx: Tx, id: string, card: CardSections): Promise<void> {
    await tx.query('update model_version set card = $2, updated_at = clock_timestamp() where id = $1', [
      id,
      JSON.stringify(card),
    ]);
  }

  async describeVersion(tx: Tx, id: string, description: string): Promise<void> {
    await tx.query('update model_version set description = $2, updated_at = clock_timestamp() where id = $1', [id, description]);
  }

  /** Its number stays taken; its slot becomes free. */
  async deleteVersion(tx: Tx, version: { id: string; modelId: string }): Promise<void> {
    await tx.query('update model_version set slot = null, deleted_at = now(), updated_at = now() where id = $1', [version.id]);
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

  async moveVersion(tx: Tx, id: string, from: string, to: string, holds: 'one' | 'many'): Promise<boolean> {
    const rows = await tx.query(
      // Those that a move archives have its time.
      `update model_version set stage = $3, slot = $4, updated_at = greatest(updated_at, now())
        where id = $1 and stage = $2 and deleted_at is null returning 1`,
      [id, from, to, holds === 'one' ? to : null],
    );
    return rows.length > 0;
  }

  async touchModel(tx: Tx, id: string): Promise<void> {
    await tx.query('update model set updated_at = clock_timestamp() where id = $1', [id]);
  }
}
