import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { UnitOfWork } from '#database';
import { DomainError } from '#kernel';
import { DirectUploads, MAX_DOWNLOAD_SECONDS, MAX_WHOLE_SECONDS, type UploadPart } from '#storage';
import { ArtifactsService } from './artifacts.service.js';
import { ArtifactsView, type ArtifactFile } from './artifacts.view.js';
import { checkArtifactPath } from './model/artifact-path.js';

/** Artifacts whose content clients exchange with the object store themselves. All throw NOT_READY where it has no address; see `possible`. */
@Injectable()
export class DirectArtifacts {
  constructor(
    private readonly uploads: DirectUploads,
    private readonly artifacts: ArtifactsService,
    private readonly view: ArtifactsView,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  get possible(): boolean {
    return this.uploads.possible;
  }

  /** True where clients may be told of it, and then do so unasked. */
  get announced(): boolean {
    return this.uploads.announced;
  }

  /** A multipart upload of one file; answers its id and a URL for the PUT of each part, good for an hour. */
  async beginParts(ctx: Ctx, ownerId: string, path: string, count: number): Promise<{ id: string; urls: string[] }> {
    return this.uploads.beginParts(await this.place(ctx, ownerId, path), count);
  }

  /** The parts become the artifact. Throws NOT_FOUND for an upload of another file, BAD_INPUT for parts that are not there. */
  async completeParts(ctx: Ctx, ownerId: string, path: string, id: string, parts: readonly Omit<UploadPart, 'size'>[]) {
    const blob = await this.uploads.completeParts(await this.place(ctx, ownerId, path), id, parts);
    await this.artifacts.add(ctx, ownerId, path, blob);
  }

  async abortParts(ctx: Ctx, ownerId: string, path: string, id: string): Promise<void> {
    await this.uploads.abortParts(await this.place(ctx, ownerId, path), id);
  }

  /**
   * Where one PUT of the whole file goes. Nobody says when it was sent: the artifact is there once it has been looked for, by `settle`. Throws BAD_INPUT
   * for more than 15 minutes.
   */
  async uploadUrl(ctx: Ctx, ownerId: string, path: string, seconds: number): Promise<string> {
    checkSeconds(seconds, MAX_WHOLE_SECONDS);
    return this.uploads.beginWhole(await this.place(ctx, ownerId, path), seconds);
  }

  /** Where the file can be fetched. Throws NOT_FOUND, and BAD_INPUT for more than 15 minutes. */
  async downloadUrl(ctx: Ctx, ownerId: string, path: string, seconds: number): Promise<ArtifactFile & { url: string }> {
    checkSeconds(seconds, MAX_DOWNLOAD_SECONDS);
    await this.settle(ownerId);
    const file = await this.view.file(ctx, ownerId, path);
    const name = path.split('/').at(-1)!;
    return { ...file, url: await this.uploads.downloadUrl(ctx.workspaceId, file.blob, name, seconds) };
  }

  /** Files that were put at an `uploadUrl` become artifacts: those of an owner, or all. An owner that was purged meanwhile gets none. */
  async settle(ownerId?: string): Promise<void> {
    if (!this.possible) return;
    for await (const arrival of this.uploads.arrivals(ownerId)) {
      const { workspaceId, path, blob } = arrival;
      const isThere = await this.view.isOwner(workspaceId, arrival.ownerId);
      await this.unitOfWork.run({}, async (tx) => {
        if ((await this.uploads.settled(tx, arrival)) && isThere)
          await this.artifacts.addIn(tx, { workspaceId }, arrival.ownerId, { [path]: blob.sha256 });
      });
    }
  }

  private async place(ctx: Ctx, ownerId: string, path: string) {
    checkArtifactPath(path);
    await this.view.mayWrite(ctx, ownerId);
    return { workspaceId: ctx.workspaceId, ownerId, path };
  }
}

function checkSeconds(seconds: number, max: number): void {
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > max)
    throw new DomainError('BAD_INPUT', `expiration is a number of seconds from 1 to ${max}`, 'expiration');
}
