import { Injectable } from '@nestjs/common';
import type { Column, DatasetProfile, Finding } from '#contracts';
import { authorize, BlobRights, checkedProject, checkName, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { BlobRegistry } from '#storage';
import { DatasetsStore } from './datasets.store.js';
import { FORMATS, type DatasetFormat } from './model/dataset-version.js';

/** What the background check found out about a version; any finding of severity `error` makes it INVALID. */
export interface ValidationResult {
  readonly columns: readonly Column[];
  readonly profile: DatasetProfile;
  readonly findings: readonly Finding[];
  readonly table: { readonly sha256: string; readonly size: number };
}

const MIN_REASON = 10;
const MAX_REASON = 1000;

/** Use cases of data sets. */
@Injectable()
export class DatasetsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DatasetsStore,
    private readonly blobs: BlobRegistry,
    private readonly journal: Journal,
    private readonly rights: BlobRights,
  ) {}

  /** Throws CONFLICT when the workspace has a data set of that name. */
  async create(ctx: Ctx, input: { name: string; project?: string | null; description?: string | null }): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    checkName(input.name);
    authorize(ctx, 'dataset.write', project);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('dataset');
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        project,
        name: input.name,
        description: input.description ?? '',
        createdBy: ctx.authId,
      };
      if (!(await this.store.insertDataset(tx, row)))
        throw new DomainError('CONFLICT', `there is a data set named ${input.name} already`, 'name');
      await this.journal.record(tx, ctx, {
        event: 'dataset.created',
        subject: { kind: 'dataset', id },
        data: { datasetId: id, name: input.name, project },
      });
      return { id };
    });
  }

  /**
   * Adds a version from an uploaded blob; its check runs in the background. The same content as the newest version is that version, so that a
   * repeated upload adds nothing. Throws NOT_FOUND for an unknown data set, BLOB_NOT_FOUND for content that was not uploaded, CONFLICT for content that was retracted.
   */
  async createVersion(
    ctx: Ctx,
    input: { datasetId: string; blob: string; format: string },
  ): Promise<{ id: string; created: boolean }> {
    if (!FORMATS.includes(input.format as DatasetFormat))
      throw new DomainError('BAD_INPUT', `format must be one of ${FORMATS.join(', ')}`, 'format');
    return this.unitOfWork.run(ctx, async (tx) => {
      const dataset = await this.store.lockDataset(tx, ctx.workspaceId, input.datasetId);
      if (!dataset) throw new DomainError('NOT_FOUND', `there is no data set ${input.datasetId}`, 'datasetId');
      authorize(ctx, 'dataset.write', dataset.project);
      const retracted = await this.store.retractedWith(tx, dataset.id, input.blob);
      if (retracted)
        throw new DomainError(
          'CONFLICT',
          `this is the content of version ${retracted.number}, which was retracted: ${retracted.reason}; upload what is right instead`,
          'blob',
        );
      const newest = await this.store.newestVersion(tx, dataset.id);
      if (newest?.blob === input.blob && newest.state !== 'INVALID') return { id: newest.id, created: false };
      await this.rights.check(ctx, [input.blob]);
      const { size } = await this.blobs.reference(tx, ctx.workspaceId, input.blob);
      const id = newId('datasetVersion');
      const parentId = await this.store.newestParent(tx, dataset.id);
      const number = (newest?.number ?? 0) + 1;
      await this.store.insertVersion(tx, {
        id,
        workspaceId: ctx.workspaceId,
        datasetId: dataset.id,
        number,
        parentId,
        state: 'PENDING',
        format: input.format as DatasetFormat,
        blob: input.blob,
        size: String(size),
        createdBy: ctx.authId,
      });
      await this.journal.record(tx, ctx, {
        event: 'dataset_version.created',
        subject: { kind: 'dataset_version', id },
        data: { datasetId: dataset.id, versionId: id, number, parentId, blob: input.blob },
      });
      return { id, created: true };
    });
  }

  /** Records what the check found; a version that is settled already keeps its state. */
  async recordValidation(ctx: Ctx, versionId: string, result: ValidationResult): Promise<void> {
    const error = result.findings.find((finding) => finding.severity === 'error');
    if (error) return this.reject(ctx, versionId, error.message, result.findings, result.profile);
    await this.unitOfWork.run(ctx, async (tx) => {
      await this.blobs.register(tx, ctx.workspaceId, result.table.sha256, result.table.size);
      const version = await this.store.settleVersion(tx, versionId, {
        state: 'VALIDATED',
        tableBlob: result.table.sha256,
        tableSize: String(result.table.size),
        columns: [...result.columns],
        profile: result.profile,
        findings: [...result.findings],
        checkedAt: ctx.clock.now(),
      });
      if (!version) return;
      await this.journal.record(tx, ctx, {
        event: 'dataset_version.validated',
        subject: { kind: 'dataset_version', id: versionId },
        data: {
          datasetId: version.datasetId,
          versionId,
          number: version.number,
          parentId: version.parentId,
          rows: result.profile.rows,
          warnings: result.findings.length,
        },
      });
    });
  }

  /** Marks a version INVALID, with the reason that its owner reads. */
  async reject(
    ctx: Ctx,
    versionId: string,
    reason: string,
    findings: readonly Finding[] = [],
    profile: DatasetProfile | null = null,
  ): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const version = await this.store.settleVersion(tx, versionId, {
        state: 'INVALID',
        reason,
        findings: [...findings],
        profile,
        checkedAt: ctx.clock.now(),
      });
      if (!version) return;
      await this.journal.record(tx, ctx, {
        event: 'dataset_version.validation_failed',
        subject: { kind: 'dataset_version', id: versionId },
        data: { datasetId: version.datasetId, versionId, number: version.number, reason },
      });
    });
  }

  /**
   * Withdraws a VALIDATED version: nothing new trains on it or is judged by it. What runs goes on, and the content stays. Throws BAD_INPUT without a reason,
   * NOT_READY for a version that is not checked yet, CONFLICT for one that is INVALID or was retracted already.
   */
  async retract(ctx: Ctx, input: { versionId: string; reason: string }): Promise<{ id: string }> {
    const reason = input.reason.trim();
    if (reason.length < MIN_REASON || reason.length > MAX_REASON)
      throw new DomainError('BAD_INPUT', `say in ${MIN_REASON} to ${MAX_REASON} characters why it is retracted`, 'reason');
    return this.unitOfWork.run(ctx, async (tx) => {
      const found = await this.store.versionWithProject(tx, ctx.workspaceId, input.versionId);
      if (!found) throw new DomainError('NOT_FOUND', `there is no data set version ${input.versionId}`, 'versionId');
      authorize(ctx, 'dataset.write', found.project);
      const { id: versionId, datasetId, number } = found.version;
      if (!(await this.store.retract(tx, versionId, reason))) throw await this.notRetractable(tx, ctx, versionId);
      await this.journal.record(tx, ctx, {
        event: 'dataset_version.retracted',
        subject: { kind: 'dataset_version', id: versionId },
        data: { datasetId, versionId, number, reason },
        before: { state: 'VALIDATED' },
        after: { state: 'RETRACTED' },
        reason,
      });
      return { id: versionId };
    });
  }

  private async notRetractable(tx: Tx, ctx: Ctx, versionId: string): Promise<DomainError> {
    const { number, state, reason } = (await this.store.versionWithProject(tx, ctx.workspaceId, versionId))!.version;
    if (state === 'PENDING')
      return new DomainError('NOT_READY', `version ${number} is not checked yet; wait for its check`, 'versionId');
    return new DomainError('CONFLICT', `version ${number} is ${state} already: ${reason}; nothing trains on it`, 'versionId');
  }
}
