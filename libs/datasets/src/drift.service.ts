import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import type { DriftReport } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { DatasetsStore } from './datasets.store.js';
import type { DatasetVersionEntity } from './datasets.entities.js';

/** Use cases of comparing versions of data sets. */
@Injectable()
export class DriftService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DatasetsStore,
    private readonly journal: Journal,
  ) {}

  /** Has a version compared with another one, of whatever data set; a job does it. Throws NOT_READY for a version that is not VALIDATED. */
  async request(ctx: Ctx, input: { versionId: string; againstId: string }): Promise<{ id: string }> {
    if (input.versionId === input.againstId)
      throw new DomainError('BAD_INPUT', 'a version does not differ from itself; name another one', 'againstId');
    return this.unitOfWork.run(ctx, async (tx) => {
      const version = await this.valid(tx, ctx, input.versionId, 'versionId');
      await this.valid(tx, ctx, input.againstId, 'againstId');
      if (await this.store.isCompared(tx, input.versionId, input.againstId)) return { id: version.id };
      await this.journal.record(tx, ctx, {
        event: 'dataset_version.comparison_requested',
        subject: { kind: 'dataset_version', id: version.id },
        data: comparison(version, input.againstId),
      });
      return { id: version.id };
    });
  }

  /** Writes down what the job found; once for each pair. Against the parent, it is part of the version's profile. */
  async record(ctx: Ctx, versionId: string, report: DriftReport): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const version = await this.store.insertComparison(tx, ctx.workspaceId, versionId, report);
      if (!version) return;
      const { mode, drifted, worst } = report;
      const data = {
        ...comparison(version, report.against),
        mode,
        drifted,
        psi: worst?.psi ?? null,
        column: worst?.column ?? null,
      };
      const subject = { kind: 'dataset_version', id: versionId };
      await this.journal.record(tx, ctx, { event: 'dataset_version.compared', subject, data });
      if (!drifted) return;
      const columns = report.columns.filter((column) => column.drifted).map(({ name }) => name);
      await this.journal.record(tx, ctx, { event: 'dataset_version.drift_detected', subject, data: { ...data, columns } });
    });
  }

  private async valid(tx: Tx, ctx: Ctx, id: string, field: string): Promise<DatasetVersionEntity> {
    const found = await this.store.versionWithProject(tx, ctx.workspaceId, id);
    if (!found) throw new DomainError('NOT_FOUND', `there is no data set version ${id}`, field);
    authorize(ctx, field === 'versionId' ? 'dataset.write' : 'dataset.read', found.project);
    if (found.version.state !== 'VALIDATED')
      throw new DomainError('NOT_READY', `version ${found.version.number} is ${found.version.state}, not VALIDATED`, field);
    return found.version;
  }
}

function comparison({ datasetId, id, number }: DatasetVersionEntity, againstId: string) {
  return { datasetId, versionId: id, number, againstId };
}
