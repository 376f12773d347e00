import { Inject, Injectable } from '@nestjs/common';
import { allows, type Ctx, type Permission } from '#access';
import { assertNever, DomainError } from '#kernel';
import { isOutside, type TriggerAction } from './model/action.js';
import { TARGETS_PORT, type Target, type TargetsPort } from './targets.port.js';

/**
 * Whether what an action names is there when a trigger is given it. What goes later is found when the trigger fires. What the caller may not read is as if it
 * were not there, so that nobody learns by this way what there is.
 */
@Injectable()
export class ActionTargets {
  constructor(@Inject(TARGETS_PORT) private readonly targets: TargetsPort) {}

  /** Throws NOT_FOUND or BAD_INPUT, which name the place in the action. */
  async check(ctx: Ctx, action: TriggerAction): Promise<void> {
    if (isOutside(action)) return;
    switch (action.kind) {
      case 'start_training':
        await this.template(ctx, action.templateId);
        return;
      case 'evaluate_version':
        if (action.versionId) await this.version(ctx, action.versionId);
        if (action.on) await this.dataset(ctx, action.on.datasetId);
        return;
      case 'request_stage':
        return this.checkStage(ctx, action);
      case 'deploy':
        return this.checkDeploy(ctx, action);
      case 'roll_back':
        await this.endpoint(ctx, action.endpointId);
        return;
      default:
        return assertNever(action);
    }
  }

  private async checkStage(ctx: Ctx, { modelId, stage }: { modelId?: string; stage: string }): Promise<void> {
    if (!modelId) return;
    const found = await this.targets.model(ctx.workspaceId, modelId);
    const { stages } = readable(ctx, found, 'registry.read', `model ${modelId}`, 'action.modelId', 'models');
    if (!stages.includes(stage)) throw bad('action.stage', `the model has no stage ${stage}; it has ${stages.join(', ')}`);
  }

  private async checkDeploy(ctx: Ctx, { endpointId, versionId }: { endpointId: string; versionId?: string }): Promise<void> {
    const { modelId } = await this.endpoint(ctx, endpointId);
    if (!versionId || (await this.version(ctx, versionId)).modelId === modelId) return;
    throw bad('action.versionId', `the endpoint serves versions of the model ${modelId}, and ${versionId} is of another one`);
  }

  private async template(ctx: Ctx, id: string): Promise<void> {
    const found = await this.targets.template(ctx.workspaceId, id);
    readable(ctx, found, 'training.read', `template ${id}`, 'action.templateId', 'trainingTemplates');
  }

  private async dataset(ctx: Ctx, id: string): Promise<void> {
    const found = await this.targets.dataset(ctx.workspaceId, id);
    readable(ctx, found, 'dataset.read', `data set ${id}`, 'action.on.datasetId', 'datasets');
  }

  private async version(ctx: Ctx, id: string): Promise<{ modelId: string }> {
    const found = await this.targets.modelVersion(ctx.workspaceId, id);
    return readable(ctx, found, 'registry.read', `model version ${id}`, 'action.versionId', 'modelVersions');
  }

  private async endpoint(ctx: Ctx, id: string): Promise<{ modelId: string }> {
    const found = await this.targets.endpoint(ctx.workspaceId, id);
    return readable(ctx, found, 'deployment.read', `endpoint ${id}`, 'action.endpointId', 'endpoints');
  }
}

/** `list`: the query that lists what there is. */
function readable<T extends Target>(
  ctx: Ctx,
  found: T | undefined,
  permission: Permission,
  what: string,
  field: string,
  list: string,
): T {
  if (found && allows(ctx, permission, found.project)) return found;
  throw new DomainError(
    'NOT_FOUND',
    `${field}: there is no ${what}; the query ${list} tells the ids of those that there are`,
    field,
  );
}

function bad(field: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${field}: ${message}`, field);
}
