import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { BlobRegistry } from '#storage';
import { ArtifactsView } from './artifacts.view.js';
import { LoggingService } from './logging.service.js';
import { checkArtifactPath } from './model/artifact-path.js';

/** Files of runs and logged models, and of the workspace itself; content is in the blob store. */
@Injectable()
export class ArtifactsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly view: ArtifactsView,
    private readonly blobs: BlobRegistry,
    private readonly logging: LoggingService,
  ) {}

  /** Gives a path to a blob that was kept; a path that is taken gets the new content. Throws BLOB_NOT_FOUND for what was not kept. */
  async add(ctx: Ctx, ownerId: string, path: string, blob: { readonly sha256: string }): Promise<{ id: string }> {
    checkArtifactPath(path);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.view.mayWrite(ctx, ownerId);
      await this.addIn(tx, ctx, ownerId, { [path]: blob.sha256 });
      return { id: ownerId };
    });
  }

  /** Step: paths to blobs that the workspace holds. Throws BLOB_NOT_FOUND for one that it does not. */
  async addIn(tx: Tx, ctx: Ctx, ownerId: string, artifacts: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, blob] of Object.entries(artifacts)) {
      checkArtifactPath(path);
      const { size } = await this.blobs.reference(tx, ctx.workspaceId, blob);
      await tx.query(
        `insert into artifact (owner_id, path, blob, size, workspace_id) values ($1, $2, $3, $4, $5)
         on conflict (owner_id, path) do update set blob = excluded.blob, size = excluded.size, created_at = now()`,
        [ownerId, path, blob, size, ctx.workspaceId],
      );
    }
  }

  /**
   * What a job of the platform measured on the model's own files: figures, kept apart from what clients log, and the whole report as an
   * artifact. The same `at` twice is written once.
   */
  async recordMeasured(
    ctx: Ctx,
    runId: string,
    figures: Readonly<Record<string, number>>,
    report: { readonly path: string; readonly sha256: string; readonly size: number },
    at: Date,
  ): Promise<void> {
    const timestamp = at.getTime();
    const points = Object.entries(figures).map(([key, value]) => ({ key, value, step: 0, timestamp }));
    await this.unitOfWork.run({}, async (tx) => {
      await this.logging.logIn(tx, ctx, runId, points, 'platform', 0);
      await this.blobs.register(tx, ctx.workspaceId, report.sha256, report.size);
      await this.addIn(tx, ctx, runId, { [report.path]: report.sha256 });
    });
  }

  /** Removes a file, or a folder with all that is in it; answers how many files. The content goes when nothing refers to it. */
  async remove(ctx: Ctx, ownerId: string, path: string): Promise<number> {
    if (path !== '') checkArtifactPath(path);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.view.mayWrite(ctx, ownerId);
      const rows = await tx.query(
        `delete from artifact where owner_id = $1 and (path = $2 or $2 = '' or (path >= $3 and path < $4)) returning 1`,
        [ownerId, path, `${path}/`, `${path}0`],
      );
      return rows.length;
    });
  }
}
