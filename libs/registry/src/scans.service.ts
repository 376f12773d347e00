import { Injectable } from '@nestjs/common';
import { Journal, type Ctx } from '#access';
import type { ManifestFile, ScanResult } from '#contracts';
import { UnitOfWork } from '#database';
import { BlobRegistry } from '#storage';
import { environmentFilesOf } from './model/environment-files.js';
import { RegistryStore } from './registry.store.js';
import { RequestLife } from './request-life.js';

/** Use case of writing down what the files of a version are. */
@Injectable()
export class ScansService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly life: RequestLife,
    private readonly blobs: BlobRegistry,
    private readonly journal: Journal,
  ) {}

  /** From here on the version's files are these, by their hashes: their content stays, whatever becomes of the run. Does nothing for a deleted version. */
  async record(ctx: Ctx, versionId: string, manifest: readonly ManifestFile[], scan: ScanResult): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const { version } = await this.life.holdVersion(tx, ctx, versionId);
      if (version.deletedAt) return;
      await this.blobs.hold(
        tx,
        ctx.workspaceId,
        manifest.map(({ sha256 }) => sha256),
      );
      await this.store.setScan(tx, versionId, manifest, scan);
      const { modelId, number } = version;
      await this.journal.record(tx, ctx, {
        event: 'model_version.scanned',
        subject: { kind: 'model_version', id: versionId },
        data: {
          modelId,
          versionId,
          number,
          outcome: scan.outcome,
          formats: formatsOf(manifest, scan),
          environmentFiles: environmentFilesOf(manifest),
        },
        after: { outcome: scan.outcome, problems: scan.problems, files: manifest.length },
      });
    });
  }
}

/** Files of one format that an event names. */
const MAX_FILES = 64;

function formatsOf(manifest: readonly ManifestFile[], scan: ScanResult): { name: string; blobs: string[] }[] {
  const blobs = new Map(manifest.map(({ path, sha256 }) => [path, sha256]));
  return scan.formats.map(({ name, paths }) => ({
    name,
    blobs: paths.slice(0, MAX_FILES).flatMap((path) => blobs.get(path) ?? []),
  }));
}
