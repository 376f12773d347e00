import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownId } from '../export/run-files.js';
import { ApiError } from '../client/api-error.js';
import type { TailraceClient } from '../client/tailrace-client.js';
import { IN_PARTS_FROM, sendInParts } from '../client/upload-file.js';
import { encodePath, pathFault } from '../mlflow/artifact-path.js';
import { isRefusal } from '../mlflow/reader.js';
import type { RestClient } from '../mlflow/rest-client.js';
import { patiently } from '../mlflow/retry.js';
import { hashOf } from '../transfer/hash-of.js';
import { IdleGuard, measured } from '../transfer/streams.js';
import type { Growing } from './send-lines.js';

const THERE = 'query ($id: ID!) { run(id: $id) { artifacts { path blob } } }';
const GIVE = 'mutation ($input: LogArtifactsInput!) { logArtifacts(input: $input) { userErrors { code message field } } }';
const MAX_DEPTH = 40;

/** Sends the files below a folder whose content the platform has not under that path. */
export async function sendArtifacts(client: TailraceClient, rest: RestClient, folder: string, run: Growing): Promise<void> {
  let there: Promise<Map<string, string>> | undefined;
  for await (const path of filesBelow(folder)) {
    const { size, mtimeMs } = await stat(join(folder, path));
    const sent = run.state.run.files[path];
    if (sent?.size === size && sent.mtimeMs === mtimeMs) {
      run.tally.present('files');
      continue;
    }
    const fault = pathFault(path);
    if (fault) run.tally.lost('files', join(folder, path), `the path is refused: ${fault}`);
    else {
      const sha256 = await hashOf(join(folder, path), size);
      if ((await (there ??= hashesOf(client, run.runId))).get(path) === sha256) run.tally.present('files');
      else if (!(await send(client, rest, folder, { path, size, sha256 }, run))) continue;
    }
    if (!fault) run.state.run.files[path] = { size, mtimeMs };
    await run.state.save();
  }
}

interface Seen {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** As much of it as there was when it was looked at: a file that grows comes again. */
async function send(client: TailraceClient, rest: RestClient, folder: string, seen: Seen, run: Growing): Promise<boolean> {
  const { path, size } = seen;
  try {
    if (size < IN_PARTS_FROM) await sendWhole(rest, folder, seen, run.runId);
    else await sendLarge(client, folder, seen, run.runId);
    run.tally.bytes += size;
    run.tally.made('files');
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    run.tally.lost('files', join(folder, path), error);
    return false;
  }
}

async function sendWhole(rest: RestClient, folder: string, { path, size }: Seen, runId: string): Promise<void> {
  const address = `/api/2.0/mlflow-artifacts/artifacts/${encodePath(`${runId}/artifacts/${path}`)}`;
  await patiently(async () => {
    const guard = new IdleGuard();
    const body = size === 0 ? [] : createReadStream(join(folder, path), { end: size - 1 });
    const parts = measured(body as AsyncIterable<Uint8Array>, size, () => guard.touch());
    await rest.put(address, parts, size, guard.signal).finally(() => guard.end());
  });
}

/** What was interrupted goes on with the next sync. */
async function sendLarge(client: TailraceClient, folder: string, { path, size, sha256 }: Seen, runId: string): Promise<void> {
  if (!(await client.holds(sha256))) await sendInParts(client, join(folder, path), { sha256, size });
  await client.mutate(GIVE, { ownerId: ownId(runId), artifacts: [{ path, blob: sha256 }] }).catch((error: unknown) => {
    throw error instanceof ApiError && error.status === undefined ? new ApiError(error.code, error.message, 422) : error;
  });
}

async function hashesOf(client: TailraceClient, runId: string): Promise<Map<string, string>> {
  const { run } = await client.query<{ run: { artifacts: { path: string; blob: string }[] } | null }>(THERE, {
    id: ownId(runId),
  });
  return new Map((run?.artifacts ?? []).map(({ path, blob }) => [path, blob]));
}

async function* filesBelow(dir: string, prefix = '', depth = 0): AsyncGenerator<string> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isFile()) yield prefix + entry.name;
    else if (entry.isDirectory() && depth < MAX_DEPTH)
      yield* filesBelow(join(dir, entry.name), `${prefix}${entry.name}/`, depth + 1);
}
