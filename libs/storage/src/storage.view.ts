import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';

/** What one turn of the collection did in a workspace. */
export interface CollectionReport {
  readonly at: Date;
  readonly runs: number;
  readonly experiments: number;
  readonly loggedModels: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Runs and logged models that were due and stay, because a model version or a training job stands on them. */
  readonly kept: number;
}

const KEEP_DAYS = 30;

/** What the store holds, and what was collected from it. */
@Injectable()
export class StorageView {
  constructor(private readonly dataSource: DataSource) {}

  async usage(workspaceId: string): Promise<{ blobs: number; bytes: number }> {
    const [row] = await select<{ blobs: string; bytes: string }>(
      this.dataSource,
      'select count(*) as blobs, coalesce(sum(size), 0) as bytes from blob where workspace_id = $1 and collected_at is null',
      [workspaceId],
    );
    return { blobs: Number(row!.blobs), bytes: Number(row!.bytes) };
  }

  async lastCollection(workspaceId: string): Promise<CollectionReport | undefined> {
    const [row] = await select<Omit<CollectionReport, 'bytes'> & { bytes: string }>(
      this.dataSource,
      `select at, runs, experiments, logged_models as "loggedModels", blobs, bytes, kept from collection_report
        where workspace_id = $1 order by at desc limit 1`,
      [workspaceId],
    );
    return row && { ...row, bytes: Number(row.bytes) };
  }

  /** One report for each workspace that is there, with zeros for one that nothing is known of; reports that are old go. */
  async report(done: ReadonlyMap<string, Omit<CollectionReport, 'at'>>): Promise<void> {
    const all = await select<{ id: string }>(this.dataSource, 'select id from workspace');
    const none = { runs: 0, experiments: 0, loggedModels: 0, blobs: 0, bytes: 0, kept: 0 };
    for (const { id } of all) {
      const { runs, experiments, loggedModels, blobs, bytes, kept } = done.get(id) ?? none;
      await select(
        this.dataSource,
        `insert into collection_report (workspace_id, runs, experiments, logged_models, blobs, bytes, kept) values ($1, $2, $3, $4, $5, $6, $7)`,
        [id, runs, experiments, loggedModels, blobs, bytes, kept],
      );
    }
    await select(this.dataSource, `delete from collection_report where at < now() - make_interval(days => ${KEEP_DAYS})`);
  }
}
