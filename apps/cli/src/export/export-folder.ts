import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EXIT, Failure } from '../exit-codes.js';
import { pathFault } from '../mlflow/artifact-path.js';
import { hashOf } from '../transfer/hash-of.js';
import { StateFile, type Step } from '../transfer/state-file.js';

export const FORMAT = 'tailrace-export';
export const FORMAT_VERSION = 1;

export interface FileNote {
  readonly sha256: string;
  readonly size: number;
}

interface Manifest {
  readonly format: string;
  readonly version: number;
  readonly files?: Readonly<Record<string, FileNote>>;
}

const MANIFEST = 'manifest.json';
const PROGRESS = '.progress.jsonl';

/** A folder that is filled file by file, each under its name only when it is whole; a manifest at the end says what belongs to it. */
export class ExportFolder {
  private readonly files = new Map<string, FileNote>();

  private constructor(
    readonly dir: string,
    private readonly before: Readonly<Record<string, FileNote>>,
    private readonly progress: StateFile,
  ) {}

  /** Throws Failure for a folder that is something else. */
  static async open(dir: string, platform: string): Promise<ExportFolder> {
    await mkdir(dir, { recursive: true });
    const text = await readFile(join(dir, MANIFEST), 'utf8').catch(() => undefined);
    const progress = await StateFile.open(join(dir, PROGRESS), { platform });
    return new ExportFolder(dir, text === undefined ? {} : filesOf(text, dir), progress);
  }

  /** What an earlier export left there, when it still is as it was. */
  async kept(path: string): Promise<FileNote | undefined> {
    const note = this.progress.get<Step & FileNote>('file', path) ?? this.before[path];
    if (!note || typeof note.sha256 !== 'string') return undefined;
    const { sha256, size } = note;
    const found = await stat(join(this.dir, path)).catch(() => undefined);
    if (found?.size !== size || (await hashOf(join(this.dir, path))) !== sha256) return undefined;
    return { sha256, size };
  }

  keep(path: string, note: FileNote): void {
    this.files.set(path, note);
  }

  /** Writes text unless it is there; answers whether it was written. */
  async text(path: string, text: string): Promise<boolean> {
    const sha256 = createHash('sha256').update(text).digest('hex');
    const kept = await this.kept(path);
    if (kept?.sha256 === sha256) return (this.keep(path, kept), false);
    await this.stream(path, [Buffer.from(text)]);
    return true;
  }

  /** Writes what comes; `expected` is its hash, when that is known before. */
  async stream(path: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, expected?: string): Promise<FileNote> {
    const target = join(this.dir, path);
    const temporary = join(dirname(target), `.${randomUUID()}.part`);
    await mkdir(dirname(target), { recursive: true });
    try {
      const note = await written(temporary, parts);
      if (expected !== undefined && note.sha256 !== expected)
        throw new Failure(`${path} came damaged: its hash is not the one that the platform says`);
      const kept = await this.kept(path);
      if (kept?.sha256 !== note.sha256) await rename(temporary, target);
      this.files.set(path, note);
      await this.progress.add({ kind: 'file', id: path, ...note });
      return note;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Writes the manifest, and removes what an earlier one had and this one has not. */
  async finish(about: object): Promise<void> {
    const files = Object.fromEntries([...this.files].sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const path of Object.keys(this.before))
      if (!this.files.has(path) && !pathFault(path)) await rm(join(this.dir, path), { force: true });
    const manifest = { format: FORMAT, version: FORMAT_VERSION, ...about, files };
    await written(join(this.dir, `${MANIFEST}.part`), [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
    await rename(join(this.dir, `${MANIFEST}.part`), join(this.dir, MANIFEST));
    await this.close();
    await rm(join(this.dir, PROGRESS), { force: true });
  }

  async close(): Promise<void> {
    await this.progress.close();
  }
}

async function written(path: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<FileNote> {
  const hash = createHash('sha256');
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      hash.update(part);
      size += part.length;
      yield part;
    }
  }
  await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(path));
  const file = await open(path, 'r+');
  await file.datasync().finally(() => file.close());
  return { sha256: hash.digest('hex'), size };
}

function filesOf(text: string, dir: string): Readonly<Record<string, FileNote>> {
  try {
    const { format, version, files } = JSON.parse(text) as Manifest;
    if (format === FORMAT && version === FORMAT_VERSION) return files ?? {};
  } catch {
    // no JSON: not ours
  }
  throw new Failure(
    `${join(dir, MANIFEST)} is not the manifest of an export of version ${FORMAT_VERSION}; choose another folder`,
    EXIT.usage,
  );
}
