import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import type { EvaluationResult } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { EvaluationsStore } from './evaluations.store.js';
import { measuredFigures } from './model/figures.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';

/** Use cases by which a version is measured once more on its own files: its figures are then those of now. */
@Injectable()
export class EvaluationsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: EvaluationsStore,
    private readonly registry: RegistryStore,
    private readonly journal: Journal,
  ) {}

  /** Asks for it; one that is under way is the answer to a second. Throws NOT_FOUND, and NOT_READY for a version without files of the platform. */
  async request(ctx: Ctx, versionId: string): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const version = await this.registry.version(tx, ctx.workspaceId, versionId);
      if (!version || version.deletedAt) throw noVersion({ id: versionId });
      const model = (await this.registry.lockModel(tx, ctx.workspaceId, { id: version.modelId }))!;
      authorize(ctx, 'registry.write', model.project);
      if (Object.keys(version.files).length === 0)
        throw new DomainError('NOT_READY', `version ${version.number} has no files in the platform to measure`, 'versionId');
      const open = await this.store.open(tx, versionId);
      if (open) return { id: open.id };
      const id = newId('evaluation');
      const { modelId, number } = version;
      await this.store.insert(tx, { id, workspaceId: ctx.workspaceId, modelId, versionId, requestedBy: ctx.authId });
      await this.journal.record(tx, ctx, {
        event: 'model_version.evaluation_requested',
        subject: { kind: 'model_version', id: versionId },
        data: { modelId, versionId, number, evaluationId: id },
      });
      return { id };
    });
  }

  /** Puts the new figures in the place of the old. An evaluation that has ended stays as it is. */
  async record(ctx: Ctx, evaluationId: string, evaluation: EvaluationResult): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const found = await this.locked(tx, ctx, evaluationId);
      if (!found || !(await this.store.end(tx, evaluationId, 'DONE', null))) return;
      await this.store.setFigures(tx, found.data.versionId, evaluation);
      await this.journal.record(tx, ctx, {
        event: 'model_version.evaluated',
        subject: { kind: 'model_version', id: found.data.versionId },
        data: found.data,
        before: found.before && { figures: measuredFigures(found.before) },
        after: { figures: measuredFigures(evaluation) },
      });
    });
  }

  /** The figures stay as they were. */
  async fail(ctx: Ctx, evaluationId: string, reason: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const found = await this.locked(tx, ctx, evaluationId);
      if (!found || !(await this.store.end(tx, evaluationId, 'FAILED', reason))) return;
      await this.journal.record(tx, ctx, {
        event: 'model_version.evaluation_failed',
        subject: { kind: 'model_version', id: found.data.versionId },
        data: { ...found.data, reason },
        reason,
      });
    });
  }

  private async locked(tx: Tx, ctx: Ctx, evaluationId: string) {
    const evaluation = await this.store.find(tx, ctx.workspaceId, evaluationId);
    if (!evaluation) return undefined;
    const { modelId, versionId } = evaluation;
    await this.registry.lockModel(tx, ctx.workspaceId, { id: modelId });
    const version = await this.registry.version(tx, ctx.workspaceId, versionId);
    return version && { data: { modelId, versionId, number: version.number, evaluationId }, before: version.evaluation };
  }
}
