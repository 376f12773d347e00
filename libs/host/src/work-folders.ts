import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '#config';
import { BLOB_STORE, BlobRegistry, type BlobStore } from '#storage';
import { CONFIG } from './tokens.js';

/** Folder of one piece of work, with blobs laid out as files for a child process; gone when the work is done. */
export interface WorkFolder {
  readonly dir: string;
  /** Writes a blob as `name` and answers its path. */
  place(workspaceId: string, sha256: string, name: string): Promise<string>;
  /** Keeps a file of the folder as a blob. */
  keep(workspaceId: string, path: string): Promise<{ sha256: string; size: number }>;
}

@Injectable()
export class WorkFolders {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(BLOB_STORE) private readonly store: BlobStore,
    private readonly blobs: BlobRegistry,
  ) {}

  async use<T>(work: (folder: WorkFolder) => Promise<T>): Promise<T> {
    const parent = join(this.config.home, 'work');
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const dir = await mkdtemp(join(parent, 'w-'));
    try {
      return await work({
        dir,
        place: (...args) => this.place(dir, ...args),
        keep: (workspaceId, path) => this.blobs.keep(workspaceId, createReadStream(path)),
      });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  private async place(dir: string, workspaceId: string, sha256: string, name: string): Promise<string> {
    const path = join(dir, name);
    await pipeline(await this.store.get(workspaceId, sha256), createWriteStream(path, { mode: 0o600 }));
    return path;
  }
}
