import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import type { ManifestFile, ScanResult } from '#contracts';
import { WorkFolders } from '#host';
import { childEntry, runChild } from '#process';
import type { VersionFacts } from '#reads/registry';
import { TrackingReads } from '#reads/tracking';
import { ScansService } from '#registry';
import { BlobRegistry } from '#storage';

const TIMEOUT_MS = 15 * 60_000;
const MAX_HEAP_MB = 2048;

/** Finds the files of a version, looks at them in a process of its own, and writes down what they are. */
@Injectable()
export class VersionScans {
  constructor(
    private readonly folders: WorkFolders,
    private readonly tracking: TrackingReads,
    private readonly blobs: BlobRegistry,
    private readonly scans: ScansService,
  ) {}

  /** False for a version whose files are not here: they lie elsewhere, or there are none. */
  async scan(ctx: Ctx, version: VersionFacts): Promise<boolean> {
    const manifest = await this.manifestOf(ctx.workspaceId, version);
    if (manifest.length === 0) return false;
    await this.scans.record(ctx, version.id, manifest, await this.look(ctx.workspaceId, manifest));
    return true;
  }

  private async manifestOf(workspaceId: string, version: VersionFacts): Promise<ManifestFile[]> {
    if (version.manifest) return [...version.manifest];
    const own = Object.entries(version.files);
    if (own.length === 0) return version.source ? this.tracking.filesAt(workspaceId, version.source) : [];
    const sizes = await this.blobs.sizes(workspaceId, Object.values(version.files));
    return own.map(([path, sha256]) => ({ path, sha256, size: sizes.get(sha256) ?? 0 })).sort(byPath);
  }

  /** Files are laid out under numbers: their own names are a stranger's. */
  private async look(workspaceId: string, manifest: readonly ManifestFile[]): Promise<ScanResult> {
    return this.folders.use(async (folder) => {
      const input = [];
      for (const [i, { path, sha256, size }] of manifest.entries()) {
        const name = join('files', String(i));
        if (i === 0) await mkdir(dirname(join(folder.dir, name)));
        input.push({ path, size, local: await folder.place(workspaceId, sha256, name) });
      }
      return runChild<ScanResult>({
        entry: childEntry(import.meta.url, './scan/scan.child.js'),
        input,
        timeoutMs: TIMEOUT_MS,
        maxOldSpaceMb: MAX_HEAP_MB,
      });
    });
  }
}

const byPath = (a: ManifestFile, b: ManifestFile): number => (a.path < b.path ? -1 : 1);
