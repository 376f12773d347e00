import { z } from 'zod';
import { DesiredRevisionSchema, DesiredStateSchema } from '#contracts';
import { DomainError, errorMessage, kindOfId, newId, sha256 } from '#kernel';
import type { Logger } from '#telemetry';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `serving` may hold older revisions than `desired`: those that serve on because the desired ones could not be loaded. */
const RememberedSchema = z.object({ desired: DesiredStateSchema, serving: z.array(DesiredRevisionSchema) });
export type Remembered = z.infer<typeof RememberedSchema>;

const STATE = 'state.json';
const NODE = 'node-id';
const BLOB = /^([0-9a-f]{64})\.onnx$/;

/**
 * What a node keeps on disk, to serve at once after a restart even while the control plane is down: its id, the last desired state and the
 * models. Everything here can be lost: then it is asked for again.
 */
export class NodeCache {
  /** Changes of the folder follow each other, so that the last state told is the one that stays. */
  private changes: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly logger: Logger,
    readonly nodeId: string,
  ) {}

  static async open(folder: string, logger: Logger): Promise<NodeCache> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const known = await readFile(join(folder, NODE), 'utf8').catch(() => '');
    const nodeId = kindOfId(known) === 'node' ? known : newId('node');
    const cache = new NodeCache(folder, logger, nodeId);
    if (nodeId !== known) await cache.write(NODE, nodeId);
    return cache;
  }

  /** The last state that was remembered; undefined when there is none that can be understood. */
  async recall(): Promise<Remembered | undefined> {
    try {
      return RememberedSchema.parse(JSON.parse(await readFile(join(this.folder, STATE), 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.logger.warn({ reason: errorMessage(error) }, 'the remembered state cannot be read');
      return undefined;
    }
  }

  async remember(state: Remembered): Promise<void> {
    await this.write(STATE, JSON.stringify(state));
  }

  /** The blob from disk when its digest still fits, else from `fetch`. Throws BLOB_MISMATCH when that one's digest does not fit, and as `fetch`. */
  async blob(digest: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const name = `${digest}.onnx`;
    // Also keeps the digest, which becomes part of a path, a digest.
    if (!BLOB.test(name)) throw new DomainError('BLOB_MISMATCH', 'the digest of the model file is not 64 hex digits');
    const kept = await readFile(join(this.folder, name)).catch(() => undefined);
    if (kept && sha256(kept) === digest) return kept;
    const bytes = await fetch();
    if (sha256(bytes) !== digest) throw new DomainError('BLOB_MISMATCH', `the model file that was received is not ${digest}`);
    await this.write(name, bytes);
    return bytes;
  }

  /** Removes the models that are not used, and what interrupted writes left. */
  prune(isUsed: (digest: string) => boolean): Promise<void> {
    return this.change('old models', async () => {
      for (const name of await readdir(this.folder)) {
        const isOld = name.endsWith('.tmp') || (BLOB.test(name) && !isUsed(name.slice(0, 64)));
        if (isOld) await rm(join(this.folder, name), { force: true });
      }
    });
  }

  /** Whole or not at all, readable by the owner only. */
  private write(name: string, content: string | Uint8Array): Promise<void> {
    const [path, draft] = [join(this.folder, name), join(this.folder, `${name}.tmp`)];
    return this.change(name, async () => {
      await writeFile(draft, content, { mode: 0o600, flush: true });
      await rename(draft, path);
    });
  }

  /** Never rejects: a full disk costs the cache and not the service. */
  private change(what: string, work: () => Promise<void>): Promise<void> {
    this.changes = this.changes.then(work).catch((error: unknown) => {
      this.logger.warn({ what, reason: errorMessage(error) }, 'the cache cannot be changed');
    });
    return this.changes;
  }
}
