import { Injectable, Module } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { ArtifactEntity, RunEntity } from './tracking.entities.js';

/** A run as other domains may know it. */
export interface RunFacts {
  readonly id: string;
  readonly createdBy: string;
  readonly status: string;
}

@Injectable()
export class TrackingReads {
  constructor(private readonly dataSource: DataSource) {}

  async run(workspaceId: string, id: string): Promise<RunFacts | undefined> {
    const row = await this.dataSource.getRepository(RunEntity).findOneBy({ workspaceId, id });
    return row ? { id: row.id, createdBy: row.createdBy, status: row.status } : undefined;
  }

  /** Blobs of a run's artifacts by path, for the paths asked for. */
  async artifacts(runId: string, paths: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.dataSource.getRepository(ArtifactEntity).findBy({ ownerId: runId, path: In([...paths]) });
    return new Map(rows.map((row) => [row.path, row.blob]));
  }
}

@Module({ providers: [TrackingReads], exports: [TrackingReads] })
export class TrackingReadsModule {}
