import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import type { ActionPort, TriggerAction } from '#automation';
import type { LoggedEvent } from '#contracts';
import { assertNever, DomainError } from '#kernel';
import { PromotionService } from '#registry';
import { JobsService } from '#training';

/** Actions of triggers, as use cases of the domains: they check the rights of the trigger's owner as they would a person's. */
@Injectable()
export class DomainActions implements ActionPort {
  constructor(
    private readonly jobs: JobsService,
    private readonly promotion: PromotionService,
  ) {}

  async run(ctx: Ctx, action: TriggerAction, event: LoggedEvent): Promise<Record<string, string>> {
    switch (action.kind) {
      case 'start_training': {
        const datasetVersionId = event.name === 'dataset_version.validated' ? idIn(event, 'versionId') : undefined;
        const { id, runId } = await this.jobs.start(ctx, { templateId: action.templateId, datasetVersionId });
        return { jobId: id, runId };
      }
      case 'request_stage': {
        const versionId = event.name.startsWith('model_version.') ? idIn(event, 'versionId') : undefined;
        if (!versionId)
          throw new DomainError('BAD_INPUT', `the event ${event.name} names no model version to ask a stage for`, 'action');
        return {
          requestId: (await this.promotion.request(ctx, { versionId, stage: action.stage, reason: 'asked for by a trigger' })).id,
        };
      }
      default:
        return assertNever(action);
    }
  }
}

function idIn(event: LoggedEvent, field: string): string | undefined {
  const value = (event.data as Record<string, unknown>)[field];
  return typeof value === 'string' ? value : undefined;
}
