import { Injectable } from '@nestjs/common';
import { allows, authorize, type Ctx, Journal } from '#access';
import { EvaluationDataSchema, type EvaluationData, type VersionEvaluation } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { DatasetReads } from '#reads/datasets';
import { EvaluationsStore } from './evaluations.store.js';
import { measuredFigures } from './model/figures.js';
import { checkMeasurable } from './model/foreign.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';

/** The data on which to measure what others trained: a version, or the newest valid one of a data set. What is null is as if it were not there. */
export type EvaluationOn = {
  readonly [K in keyof EvaluationData | 'datasetId']?: (EvaluationData & { datasetId: string })[K] | null;
};

/** Use cases by which a version is measured on its own files: its figures are then those of now. */
@Injectable()
export class EvaluationsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: EvaluationsStore,
    private readonly registry: RegistryStore,
    private readonly datasets: DatasetReads,
    private readonly journal: Journal,
  ) {}

  /**
   * Asks for it; one that is under way is the answer to a second. What the platform trained is measured on the test rows of its own data; what others trained,
   * which has to hold one ONNX file, on the data that are named. Throws NOT_FOUND, BAD_INPUT where these are missing or out of place, NOT_READY for files that were not looked
   * at or data that are not valid, or were retracted, BAD_MODEL for files that cannot be measured.
   */
  async request(ctx: Ctx, versionId: string, on: EvaluationOn = {}): Promise<{ id: string }> {
    const data = await this.dataOf(ctx, on);
    return this.unitOfWork.run(ctx, async (tx) => {
      const version = await this.registry.version(tx, ctx.workspaceId, versionId);
      if (!version || version.deletedAt) throw noVersion({ id: versionId });
      const model = (await this.registry.lockModel(tx, ctx.workspaceId, { id: version.modelId }))!;
      authorize(ctx, 'registry.write', model.project);
      checkMeasurable(version, data);
      const { datasetVersionId } = version;
      if (!data && datasetVersionId) await this.checkStanding(ctx, datasetVersionId, 'versionId');
      const open = await this.store.open(tx, versionId);
      if (open) return { id: open.id };
      const id = newId('evaluation');
      const { modelId, number } = version;
      await this.store.insert(tx, {
        id,
        workspaceId: ctx.workspaceId,
        modelId,
        versionId,
        data: data ?? null,
        requestedBy: ctx.authId,
      });
      await this.journal.record(tx, ctx, {
        event: 'model_version.evaluation_requested',
        subject: { kind: 'model_version', id: versionId },
        data: { modelId, versionId, number, evaluationId: id, datasetVersionId: data?.datasetVersionId },
      });
      return { id };
    });
  }

  /** Puts the new figures in the place of the old. An evaluation that has ended stays as it is. */
  async record(ctx: Ctx, evaluationId: string, evaluation: VersionEvaluation): Promise<void> {
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

  private async dataOf(ctx: Ctx, on: EvaluationOn): Promise<EvaluationData | undefined> {
    const { datasetId, datasetVersionId: named, label, features, classes } = on;
    if (!datasetId && !named && !label && !features && !classes) return undefined;
    if (!named && !datasetId)
      throw new DomainError('BAD_INPUT', 'say on which data set version it is to be measured', 'datasetVersionId');
    // Of a data set that the caller may not read he learns no version either.
    const absent = named
      ? new DomainError('NOT_FOUND', `there is no data set version ${named}`, 'datasetVersionId')
      : new DomainError('NOT_FOUND', `there is no valid version of a data set ${datasetId}`, 'datasetId');
    const datasetVersionId = named ?? (await this.datasets.newestValid(ctx.workspaceId, datasetId!))?.id;
    if (!datasetVersionId) throw absent;
    if (!label) throw new DomainError('BAD_INPUT', 'say which column holds the truth', 'label');
    const data = EvaluationDataSchema.safeParse({
      datasetVersionId,
      label,
      ...(features ? { features } : {}),
      ...(classes ? { classes } : {}),
    });
    if (!data.success) throw new DomainError('BAD_INPUT', data.error.issues[0]!.message, String(data.error.issues[0]!.path[0]));
    await this.checkData(ctx, data.data, absent);
    return data.data;
  }

  /** A data set version that the caller may not read is `absent`. */
  private async checkData(
    ctx: Ctx,
    { datasetVersionId, label, features = [] }: EvaluationData,
    absent: DomainError,
  ): Promise<void> {
    const found = await this.datasets.readable(ctx.workspaceId, datasetVersionId);
    if (!found || !allows(ctx, 'dataset.read', found.project)) throw absent;
    await this.checkStanding(ctx, datasetVersionId, 'datasetVersionId');
    const has = found.columns.slice(0, 20).join(', ');
    for (const [field, names] of Object.entries({ label: [label], features })) {
      const missing = names.find((name) => !found.columns.includes(name));
      if (missing !== undefined)
        throw new DomainError('BAD_INPUT', `the data set version has no column ${JSON.stringify(missing)}; it has ${has}`, field);
    }
  }

  private async checkStanding(ctx: Ctx, datasetVersionId: string, field: string): Promise<void> {
    const unfit = await this.datasets.unfitBecause(ctx.workspaceId, datasetVersionId);
    if (unfit) throw new DomainError('NOT_READY', `nothing is measured on data that do not stand: ${unfit}`, field);
  }

  private async locked(tx: Tx, ctx: Ctx, evaluationId: string) {
    const evaluation = await this.store.find(tx, ctx.workspaceId, evaluationId);
    if (!evaluation) return undefined;
    const { modelId, versionId, data } = evaluation;
    await this.registry.lockModel(tx, ctx.workspaceId, { id: modelId });
    const version = await this.registry.version(tx, ctx.workspaceId, versionId);
    const named = data ? { datasetVersionId: data.datasetVersionId } : {};
    return (
      version && { data: { modelId, versionId, number: version.number, evaluationId, ...named }, before: version.evaluation }
    );
  }
}
