import { Injectable } from '@nestjs/common';
import { BlobRights, Journal, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, kindOfId } from '#kernel';
import { BlobRegistry } from '#storage';
import { ArtifactsStore } from './artifacts.store.js';
import { ArtifactsView } from './artifacts.view.js';
import { LoggingService } from './logging.service.js';
import { checkArtifactPath, isArtifactPath } from './model/artifact-path.js';

/** Artifacts of one call. */
const MOST = 1000;

/** Files of runs and logged models, and of the workspace itself; content is in the blob store. */
@Injectable()
export class ArtifactsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ArtifactsStore,
    private readonly view: ArtifactsView,
    private readonly blobs: BlobRegistry,
    private readonly logging: LoggingService,
    private readonly journal: Journal,
    private readonly rights: BlobRights,
  ) {}

  /** Gives a path to a blob that was kept; a path that is taken gets the new content. Throws BLOB_NOT_FOUND for what was not kept. */
  async add(ctx: Ctx, ownerId: string, path: string, blob: { readonly sha256: string }): Promise<{ id: string }> {
    checkArtifactPath(path);
    return this.unitOfWork.run(ctx, async (tx) => {
      // Both travel together; what is refused is rolled back.
      const [{ finished }] = await Promise.all([
        this.view.mayWrite(ctx, ownerId, tx),
        this.addIn(tx, ctx, ownerId, { [path]: blob.sha256 }),
      ]);
      if (finished) await this.added(tx, ctx, ownerId, [path]);
      return { id: ownerId };
    });
  }

  /**
   * The same for up to 1,000 paths, all or none; answers how many. Throws BAD_INPUT for more, for none, and for a path that comes twice or is none;
   * BLOB_NOT_FOUND for what was not kept.
   */
  async addAll(
    ctx: Ctx,
    ownerId: string,
    artifacts: readonly { readonly path: string; readonly blob: string }[],
  ): Promise<number> {
    checkList(artifacts);
    return this.unitOfWork.run(ctx, async (tx) => {
      const { finished } = await this.view.mayWrite(ctx, ownerId, tx);
      await this.rights.check(
        ctx,
        artifacts.map(({ blob }) => blob),
        'artifacts',
      );
      await this.addIn(tx, ctx, ownerId, Object.fromEntries(artifacts.map(({ path, blob }) => [path, blob])));
      if (finished)
        await this.added(
          tx,
          ctx,
          ownerId,
          artifacts.map(({ path }) => path),
        );
      return artifacts.length;
    });
  }

  /** Step: paths to blobs that the workspace holds. Throws BLOB_NOT_FOUND for one that it does not. */
  async addIn(
    tx: Tx,
    ctx: Pick<Ctx, 'workspaceId'>,
    ownerId: string,
    artifacts: Readonly<Record<string, string>>,
  ): Promise<void> {
    // In the order of the paths, so that two writers cannot wait in a circle.
    const paths = Object.keys(artifacts).sort();
    if (paths.length === 0) return;
    paths.forEach(checkArtifactPath);
    const files = paths.map((path) => ({ path, blob: artifacts[path]! }));
    const count = await this.store.put(tx, { ownerId, workspaceId: ctx.workspaceId }, files);
    // What it does not hold is said by name.
    if (count < paths.length) for (const { blob } of files) await this.blobs.reference(tx, ctx.workspaceId, blob);
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
      await this.journal.record(tx, ctx, { event: 'run.measured', subject: { kind: 'run', id: runId }, data: { runId } });
    });
  }

  /** Writes down that a job of the platform gave up measuring what a training made. */
  async measurementFailed(ctx: Ctx, runId: string, reason: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const subject = { kind: 'run', id: runId };
      await this.journal.record(tx, ctx, { event: 'run.measurement_failed', subject, data: { runId, reason }, reason });
    });
  }

  /**
   * Removes a file, or a folder with all that is in it (`''` is everything, but of the workspace itself); answers how many files. The content goes when
   * nothing refers to it.
   */
  async remove(ctx: Ctx, ownerId: string, path: string): Promise<number> {
    if (path !== '' || ownerId === ctx.workspaceId) checkArtifactPath(path);
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.view.mayWrite(ctx, ownerId);
      const count = await this.store.remove(tx, ownerId, path);
      const data = { ownerId, path, count };
      if (count > 0) await this.journal.record(tx, ctx, { event: 'artifact.deleted', subject: ownerOf(ownerId), data });
      return count;
    });
  }

  /** What is added to a run that goes on is said by its end alone. */
  private async added(tx: Tx, ctx: Ctx, ownerId: string, paths: readonly string[]): Promise<void> {
    const data = { ownerId, count: paths.length };
    await this.journal.record(tx, ctx, { event: 'artifact.added', subject: ownerOf(ownerId), data, after: { paths } });
  }
}

function ownerOf(id: string): { kind: string; id: string } {
  const kind = kindOfId(id);
  return { kind: kind === 'loggedModel' ? 'logged_model' : (kind ?? 'workspace'), id };
}

function checkList(artifacts: readonly { readonly path: string }[]): void {
  const bad = (message: string, field: string) => new DomainError('BAD_INPUT', message, field);
  if (artifacts.length === 0 || artifacts.length > MOST) throw bad(`a call holds 1 to ${MOST} artifacts`, 'artifacts');
  const seen = new Set<string>();
  for (const [i, { path }] of artifacts.entries()) {
    if (!isArtifactPath(path))
      throw bad(`${JSON.stringify(path.slice(0, 200))} is not an artifact path; use a relative path`, `artifacts.${i}.path`);
    if (seen.has(path)) throw bad(`${JSON.stringify(path)} comes twice`, `artifacts.${i}.path`);
    seen.add(path);
  }
}
