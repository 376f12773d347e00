import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import {
  datasetVersionField,
  isOutside,
  modelVersionField,
  type Acted,
  type ActionPort,
  type Cause,
  type End,
  type FiredTrigger,
  type InsideAction,
} from '#automation';
import { eventName, type EventName } from '#contracts';
import { RolloutsService } from '#deployment';
import { assertNever, DomainError, kindOfId } from '#kernel';
import { RegistryReads } from '#reads/registry';
import { TrainingReads } from '#reads/training';
import { EvaluationsService, PromotionService } from '#registry';
import { JobsService } from '#training';
import { OutsideActions } from './outside-actions.js';

/** Events about a version that can be trained on. */
const OF_VALID: readonly string[] = ['dataset_version.validated', 'dataset_version.compared', 'dataset_version.drift_detected'];

/** Actions of triggers, as use cases of the domains: they check the rights of the trigger's owner as they would a person's. */
@Injectable()
export class DomainActions implements ActionPort {
  constructor(
    private readonly jobs: JobsService,
    private readonly promotion: PromotionService,
    private readonly evaluations: EvaluationsService,
    private readonly rollouts: RolloutsService,
    private readonly registry: RegistryReads,
    private readonly training: TrainingReads,
    private readonly outside: OutsideActions,
  ) {}

  run(ctx: Ctx, fired: FiredTrigger): Promise<Acted> {
    const { action, name } = fired.trigger;
    if (isOutside(action)) return this.outside.run(ctx, action, fired);
    return this.inside(ctx, action, fired.execution.cause!, `asked for by the trigger ${name}`);
  }

  async endOf(workspaceId: string, startedId: string): Promise<End | undefined> {
    if (kindOfId(startedId) === 'evaluation') {
      const evaluation = await this.registry.evaluation(workspaceId, startedId);
      if (!evaluation || evaluation.state === 'REQUESTED') return undefined;
      return evaluation.state === 'DONE' ? { ok: true } : { ok: false, reason: `the evaluation failed: ${evaluation.reason}` };
    }
    const job = await this.training.state(workspaceId, startedId);
    if (!job || job.state === 'QUEUED' || job.state === 'RUNNING') return undefined;
    if (job.state === 'SUCCEEDED') return { ok: true };
    return {
      ok: false,
      reason: job.state === 'CANCELED' ? 'the training job was canceled' : `the training job failed: ${job.reason}`,
    };
  }

  private async inside(ctx: Ctx, action: InsideAction, cause: Cause, because: string): Promise<Acted> {
    switch (action.kind) {
      case 'start_training': {
        const { templateId, overrides } = action;
        const ofEvent = (action.data ?? (OF_VALID.includes(cause.name) ? 'event' : 'newest')) === 'event';
        const datasetVersionId = ofEvent ? needed(datasetVersionIn(cause), cause, 'data set version to train on') : undefined;
        const { id, runId } = await this.jobs.start(ctx, { templateId, overrides, datasetVersionId });
        return { outcome: { jobId: id, runId }, startedId: id };
      }
      case 'evaluate_version': {
        const versionId = needed(action.versionId ?? modelVersionIn(cause), cause, 'model version to evaluate');
        const { id } = await this.evaluations.request(ctx, versionId, action.on);
        return { outcome: { evaluationId: id, versionId }, startedId: id };
      }
      case 'request_stage': {
        const versionId = needed(await this.versionFor(ctx, action.modelId, cause), cause, 'model version to ask a stage for');
        const { stage, reason = because } = action;
        const { id } = await this.promotion.request(ctx, { versionId, stage, reason });
        return { outcome: { requestId: id, versionId } };
      }
      case 'deploy': {
        const versionId = needed(action.versionId ?? modelVersionIn(cause), cause, 'model version to deploy');
        const { revisionId, changed } = await this.rollouts.deploy(ctx, { endpointId: action.endpointId, versionId });
        return { outcome: { revisionId, versionId, changed: String(changed) } };
      }
      case 'roll_back': {
        const { endpointId, reason = because } = action;
        const { revisionId } = await this.rollouts.rollBack(ctx, { endpointId, reason });
        return { outcome: { revisionId } };
      }
      default:
        return assertNever(action);
    }
  }

  private async versionFor(ctx: Ctx, modelId: string | undefined, cause: Cause): Promise<string | undefined> {
    return modelId ? (await this.registry.newestVersion(ctx.workspaceId, modelId))?.id : modelVersionIn(cause);
  }
}

function datasetVersionIn(cause: Cause): string | undefined {
  return idIn(cause, datasetVersionField, 'datasetVersionId');
}

function modelVersionIn(cause: Cause): string | undefined {
  return idIn(cause, modelVersionField, 'modelVersionId');
}

/** A message from outside may name a version as events do; a schedule names none. */
function idIn({ name, data }: Cause, fieldOf: (event: EventName) => string | undefined, fromOutside: string): string | undefined {
  const event = eventName(name);
  const field = name === 'incoming' ? fromOutside : event && fieldOf(event);
  const value = field ? data[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function needed(id: string | undefined, cause: Cause, what: string): string {
  if (id) return id;
  throw new DomainError('BAD_INPUT', `${cause.name} names no ${what}`, 'action');
}
