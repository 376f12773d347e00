import { Injectable } from '@nestjs/common';
import type { StageFlow } from '#contracts';
import type { Tx } from '#database';
import { ModelEntity, StageFlowEntity } from './registry.entities.js';

/** Rows of the flows of a workspace, and which models follow them. */
@Injectable()
export class FlowsStore {
  async insert(
    tx: Tx,
    row: Pick<StageFlowEntity, 'id' | 'workspaceId' | 'name' | 'description' | 'flow' | 'createdBy'>,
  ): Promise<boolean> {
    const rows = await tx.query(
      `insert into stage_flow (id, workspace_id, name, description, flow, created_by, updated_by) values ($1, $2, $3, $4, $5, $6, $6)
       on conflict (workspace_id, name) do nothing returning 1`,
      [row.id, row.workspaceId, row.name, row.description, JSON.stringify(row.flow), row.createdBy],
    );
    return rows.length > 0;
  }

  byName(tx: Tx, workspaceId: string, name: string): Promise<StageFlowEntity | null> {
    return tx.first(StageFlowEntity, 'where workspace_id = $1 and name = $2 for key share', [workspaceId, name]);
  }

  lock(tx: Tx, workspaceId: string, id: string): Promise<StageFlowEntity | null> {
    return tx.first(StageFlowEntity, 'where workspace_id = $1 and id = $2 for update', [workspaceId, id]);
  }

  async update(tx: Tx, id: string, patch: { flow?: StageFlow; description?: string; by: string }): Promise<void> {
    await tx.query(
      `update stage_flow set flow = coalesce($2::jsonb, flow), description = coalesce($3, description), updated_by = $4, updated_at = clock_timestamp(),
         revision = revision + case when $2::jsonb is null then 0 else 1 end where id = $1`,
      [id, patch.flow ? JSON.stringify(patch.flow) : null, patch.description ?? null, patch.by],
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query('delete from stage_flow where id = $1', [id]);
  }

  /** Models that follow a flow, locked in the order of their ids. */
  followers(tx: Tx, flowId: string): Promise<ModelEntity[]> {
    return tx.em
      .createQueryBuilder(ModelEntity, 'm')
      .where('m.flowId = :flowId', { flowId })
      .orderBy('m.id')
      .setLock('pessimistic_write')
      .getMany();
  }

  /** How many versions stand in each stage. */
  async standing(tx: Tx, modelId: string): Promise<Map<string, number>> {
    const rows = await tx.query<{ stage: string; n: number }>(
      'select stage, count(*)::int as n from model_version where model_id = $1 and deleted_at is null group by stage',
      [modelId],
    );
    return new Map(rows.map(({ stage, n }) => [stage, n]));
  }

  /** Gives a model a flow, and the versions that stand in stages that hold one their slots. */
  async follow(tx: Tx, modelId: string, flow: StageFlow, flowId: string | null): Promise<void> {
    const one = flow.stages.filter(({ holds }) => holds === 'one').map(({ name }) => name);
    await tx.query(
      'update model set flow = $2, flow_id = $3, flow_revision = flow_revision + 1, updated_at = clock_timestamp() where id = $1',
      [modelId, JSON.stringify(flow), flowId],
    );
    await tx.query(
      `update model_version set slot = case when stage = any($2) then stage end
        where model_id = $1 and deleted_at is null and slot is distinct from case when stage = any($2) then stage end`,
      [modelId, one],
    );
  }
}
