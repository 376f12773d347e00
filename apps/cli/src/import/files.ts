import { ApiError } from '../client/api-error.js';
import { encodePath } from '../mlflow/artifact-path.js';
import { type FileOwner, type ListedFile } from '../mlflow/files.js';
import { isRefusal } from '../mlflow/reader.js';
import { patiently } from '../mlflow/retry.js';
import type { Step } from '../transfer/state-file.js';
import { IdleGuard, measured } from '../transfer/streams.js';
import type { ImportContext } from './context.js';

interface FileStep extends Step {
  readonly size: number | null;
  readonly to: string;
}

/** Streams files from the source's runs and logged models to ours. */
export class FileCopier {
  constructor(private readonly context: ImportContext) {}

  /** Files that came before are known by path and size. `isNew`: there is nothing here yet. */
  async copyAll(owner: FileOwner, to: string, isNew: boolean): Promise<void> {
    if (!this.context.artifacts) return;
    let here: Promise<Map<string, number | undefined>> | undefined;
    const known = async (file: ListedFile) => {
      const step = this.context.state.get<FileStep>('file', this.idOf(owner, file.path));
      if (step?.to === to) return step.size === (file.size ?? null);
      if (isNew) return false;
      const there = await (here ??= this.listed({ kind: owner.kind, id: to, uri: undefined }));
      // MLflow says no size of an empty file.
      return there.has(file.path) && (there.get(file.path) ?? 0) === (file.size ?? 0);
    };
    try {
      for await (const file of this.context.source.files.list(owner)) {
        if (file.fault) this.context.tally.lost('files', this.idOf(owner, file.path), `the path is refused: ${file.fault}`);
        else if (await known(file)) this.context.tally.present('files');
        else await this.copy(owner, file, to);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.context.tally.lost('files', `${owner.id}/`, `the list could not be read: ${error.message}`);
    }
  }

  private async copy(owner: FileOwner, file: ListedFile, to: string): Promise<void> {
    try {
      await patiently(() => this.once(owner, file, to));
      this.context.tally.made('files');
      await this.context.state.add({ kind: 'file', id: this.idOf(owner, file.path), size: file.size ?? null, to });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.context.tally.lost('files', this.idOf(owner, file.path), error);
    }
  }

  private async once(owner: FileOwner, { path, size }: ListedFile, to: string): Promise<void> {
    const guard = new IdleGuard();
    let fault: ApiError | undefined;
    try {
      const response = await this.context.source.files.open(owner, path, guard.signal);
      const body = measured((response.body ?? []) as AsyncIterable<Uint8Array>, size, (count) => {
        guard.touch();
        this.context.tally.bytes += count;
      });
      await this.context.target.reader.rest.put(
        targetPath(owner, to, path),
        watched(body, (error) => (fault = error)),
        size,
        guard.signal,
      );
    } catch (error) {
      // What the body itself found wrong comes out of the upload as a lost connection.
      throw fault ?? error;
    } finally {
      guard.end();
    }
  }

  private async listed(owner: FileOwner): Promise<Map<string, number | undefined>> {
    const found = new Map<string, number | undefined>();
    for await (const { path, size } of this.context.target.files.list(owner)) found.set(path, size);
    return found;
  }

  private idOf(owner: FileOwner, path: string): string {
    return `${owner.id}/${path}`;
  }
}

async function* watched(body: AsyncIterable<Uint8Array>, onFault: (error: ApiError) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof ApiError) onFault(error);
    throw error;
  }
}

function targetPath(owner: FileOwner, to: string, path: string): string {
  const root = owner.kind === 'run' ? `${to}/artifacts` : `models/${to}/artifacts`;
  return `/api/2.0/mlflow-artifacts/artifacts/${encodePath(`${root}/${path}`)}`;
}
