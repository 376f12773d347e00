import { encodePath, entryFault } from './artifact-path.js';
import { numberOf, type FileInfo } from './messages.js';
import { isStatus } from './reader.js';
import type { Query, RestClient } from './rest-client.js';

/** Who has files: a run or a logged model. */
export interface FileOwner {
  readonly kind: 'run' | 'loggedModel';
  readonly id: string;
  readonly uri: string | undefined;
}

export interface ListedFile {
  readonly path: string;
  readonly size: number | undefined;
  /** Why it is not to be touched. */
  readonly fault?: string;
}

const MAX_FILES = 1_000_000;

/** Lists and downloads of a server's artifacts. */
export class MlflowFiles {
  constructor(private readonly rest: RestClient) {}

  /** Every file of an owner, folder by folder. Paths that are not harmless come with what is wrong with them. */
  async *list(owner: FileOwner): AsyncGenerator<ListedFile> {
    const folders = [''];
    const seen = new Set(folders);
    for (let folder = folders.pop(), count = 0; folder !== undefined && count < MAX_FILES; folder = folders.pop())
      for await (const { path, is_dir: isDir, file_size: size } of this.folder(owner, folder)) {
        const fault = entryFault(folder, path);
        if (fault) yield { path: String(path), size: undefined, fault };
        else if (!isDir) yield { path, size: numberOf(size) };
        else if (!seen.has(path)) folders.push(path);
        if (!fault && isDir) seen.add(path);
        count++;
      }
  }

  /** Content of a file: through the artifact proxy where the owner's files are there, else by the server's own download. */
  async open(owner: FileOwner, path: string, signal: AbortSignal): Promise<Response> {
    const proxied = proxyPath(owner.uri);
    if (proxied === undefined) return this.rest.open(download(owner, path), signal);
    const address = `/api/2.0/mlflow-artifacts/artifacts/${encodePath(`${proxied}/${path}`)}`;
    return this.rest.open(address, signal).catch((error: unknown) => {
      if (isStatus(error, 404, 405, 501, 503)) return this.rest.open(download(owner, path), signal);
      throw error;
    });
  }

  private async *folder(owner: FileOwner, folder: string): AsyncGenerator<FileInfo> {
    let token: string | undefined;
    do {
      const page: { files?: FileInfo[]; next_page_token?: string } = await this.rest.call(
        'GET',
        ...listing(owner, folder, token),
      );
      yield* page.files ?? [];
      token = page.next_page_token === token ? undefined : page.next_page_token;
    } while (token);
  }
}

function listing(owner: FileOwner, folder: string, token: string | undefined): [path: string, ask: { query: Query }] {
  const page = { page_token: token };
  if (owner.kind === 'run') return ['artifacts/list', { query: { run_id: owner.id, path: folder, ...page } }];
  const path = `logged-models/${encodeURIComponent(owner.id)}/artifacts/directories`;
  return [path, { query: { artifact_directory_path: folder, ...page } }];
}

function download(owner: FileOwner, path: string): string {
  if (owner.kind === 'run') return `/get-artifact?${new URLSearchParams({ run_id: owner.id, path }).toString()}`;
  const query = new URLSearchParams({ artifact_file_path: path }).toString();
  return `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(owner.id)}/artifacts/files?${query}`;
}

/** The place below the proxy that a URI `mlflow-artifacts:/…` names; its host is not looked at, since only the source itself is asked. */
export function proxyPath(uri: string | undefined): string | undefined {
  const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+([^?#]*)$/.exec(uri ?? '') ?? [];
  return path === undefined || path.split('/').includes('..') ? undefined : path.replace(/\/+$/, '');
}
