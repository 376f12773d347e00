import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { BlobRegistry } from '#storage';
import { ArtifactsStore } from './artifacts.store.js';
import { ArtifactsView } from './artifacts.view.js';
import { LoggingService } from './logging.service.js';
import { checkArtifactPath } from './model/artifact-path.js';

/** Files of runs and logged models, and of the workspace itself; content is in the blob store. */
@Injectable()
export class ArtifactsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ArtifactsStore,
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
  async addIn(
    tx: Tx,
    ctx: Pick<Ctx, 'workspaceId'>,
    ownerId: string,
    artifacts: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const [path, blob] of Object.entries(artifacts)) {
      checkArtifactPath(path);
      const { size } = await this.blobs.reference(tx, ctx.workspaceId, blob);
      await this.store.put(tx, { ownerId, path, blob, size, workspaceId: ctx.workspaceId });
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
      return this.store.remove(tx, ownerId, path);
    });
  }
}
