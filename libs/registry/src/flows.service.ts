import { Injectable } from '@nestjs/common';
import { authorize, checkName, Journal, type Ctx } from '#access';
import type { StageFlow } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { canonicalJson, DomainError, newId } from '#kernel';
import { FlowsStore } from './flows.store.js';
import { LabelsStore } from './labels.store.js';
import { checkedFlow, checkStanding } from './model/stage-rules.js';
import type { ModelEntity, StageFlowEntity } from './registry.entities.js';
import { noModel } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { RequestLife } from './request-life.js';

/** A flow of the workspace by its id, or one that only this model has. */
export type FlowChoice = { readonly flowId: string } | { readonly flow: unknown };

/** Use cases of stage flows: what a workspace defines, and which model follows what. */
@Injectable()
export class FlowsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: FlowsStore,
    private readonly models: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly life: RequestLife,
    private readonly journal: Journal,
  ) {}

  /** Throws CONFLICT when the name is taken, BAD_INPUT naming the place in the flow that is wrong. */
  async create(ctx: Ctx, input: { name: string; description?: string | null; flow: unknown }): Promise<{ id: string }> {
    authorize(ctx, 'registry.govern', '/');
    checkName(input.name);
    const flow = { ...checkedFlow(input.flow, 'flow'), name: input.name };
    const id = newId('stageFlow');
    const description = input.description ?? '';
    return this.unitOfWork.run(ctx, async (tx) => {
      const row = { id, workspaceId: ctx.workspaceId, name: input.name, description, flow, createdBy: ctx.authId };
      if (!(await this.store.insert(tx, row)))
        throw new DomainError('CONFLICT', `there is a stage flow named ${input.name} already`, 'name');
      await this.say(tx, ctx, 'stage_flow.created', { ...row, revision: 1 }, { after: { flow, description } });
      return { id };
    });
  }

  /**
   * Changes a flow; every model that follows it has the new one from now on, and open requests of theirs expire. Throws CONFLICT when `revision` is not
   * the flow's, or when versions of a model stand where the new flow has no place for them: then nothing changes.
   */
  async update(
    ctx: Ctx,
    input: { id: string; revision: number; flow?: unknown; description?: string | null },
  ): Promise<{ id: string }> {
    authorize(ctx, 'registry.govern', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const row = await this.held(tx, ctx, input.id);
      if (row.revision !== input.revision)
        throw new DomainError('CONFLICT', `the flow is at revision ${row.revision} by now; load it anew`, 'revision');
      const given = input.flow == null ? undefined : { ...checkedFlow(input.flow, 'flow'), name: row.name };
      // The same once more is no other flow: what was approved by it stays.
      const flow = given && canonicalJson(given) !== canonicalJson(row.flow) ? given : undefined;
      const description = input.description ?? undefined;
      await this.store.update(tx, row.id, { flow, description, by: ctx.authId });
      if (flow) for (const model of await this.store.followers(tx, row.id)) await this.give(tx, ctx, model, flow, row.id);
      const revision = row.revision + (flow ? 1 : 0);
      const before = { flow: row.flow, description: row.description };
      await this.say(tx, ctx, 'stage_flow.updated', { ...row, revision }, { before, after: { flow, description } });
      return { id: row.id };
    });
  }

  /** Throws CONFLICT while models follow it. */
  async delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    authorize(ctx, 'registry.govern', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const row = await this.held(tx, ctx, id);
      const [model] = await this.store.followers(tx, id);
      if (model) throw new DomainError('CONFLICT', `the model ${model.name} follows this flow; give it another one first`, 'id');
      await this.store.delete(tx, id);
      await this.say(tx, ctx, 'stage_flow.deleted', row, { before: { flow: row.flow, description: row.description } });
      return { id };
    });
  }

  /** Gives a model another flow; its open requests expire. Throws CONFLICT when its versions stand where the flow has no place for them. */
  async setModelFlow(ctx: Ctx, modelId: string, choice: FlowChoice): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const chosen = await this.chosen(tx, ctx, choice);
      const model = await this.models.lockModel(tx, ctx.workspaceId, { id: modelId });
      if (!model) throw noModel({ id: modelId });
      authorize(ctx, 'registry.govern', model.project);
      await this.give(tx, ctx, model, chosen.flow, chosen.flowId);
      return { id: modelId };
    });
  }

  private async chosen(tx: Tx, ctx: Ctx, choice: FlowChoice): Promise<{ flow: StageFlow; flowId: string | null }> {
    if ('flow' in choice) return { flow: checkedFlow(choice.flow, 'flow'), flowId: null };
    return { flow: (await this.held(tx, ctx, choice.flowId)).flow, flowId: choice.flowId };
  }

  private async held(tx: Tx, ctx: Ctx, id: string): Promise<StageFlowEntity> {
    const row = await this.store.lock(tx, ctx.workspaceId, id);
    if (!row) throw new DomainError('NOT_FOUND', `there is no stage flow ${id}`, 'id');
    return row;
  }

  private async give(tx: Tx, ctx: Ctx, model: ModelEntity, flow: StageFlow, flowId: string | null): Promise<void> {
    checkStanding(flow, await this.store.standing(tx, model.id));
    await this.life.expireOpen(tx, ctx, model.id, "the model's flow has changed since the request");
    await this.store.follow(tx, model.id, flow, flowId);
    const prompt = await this.labels.isPrompt(tx, model.id);
    await this.journal.record(tx, ctx, {
      event: 'model.flow_changed',
      subject: { kind: 'model', id: model.id },
      data: { modelId: model.id, name: model.name, prompt, flowId, flowRevision: model.flowRevision + 1 },
      before: { flow: model.flow, flowId: model.flowId },
      after: { flow, flowId },
    });
  }

  private async say(
    tx: Tx,
    ctx: Ctx,
    event: 'stage_flow.created' | 'stage_flow.updated' | 'stage_flow.deleted',
    row: Pick<StageFlowEntity, 'id' | 'name' | 'revision'>,
    change: { before?: unknown; after?: unknown },
  ): Promise<void> {
    const data = { flowId: row.id, name: row.name, revision: row.revision };
    await this.journal.record(tx, ctx, { event, subject: { kind: 'stage_flow', id: row.id }, data, ...change });
  }
}
