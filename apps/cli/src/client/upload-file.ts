import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { BusyError, isPassing, patiently } from '../mlflow/retry.js';
import { eachOf } from '../transfer/each-of.js';
import { hashOf } from '../transfer/hash-of.js';
import { ApiError, UnreachableError } from './api-error.js';
import type { TailraceClient } from './tailrace-client.js';

/** From so many bytes on a file goes in parts, so that what was interrupted goes on where it was. */
export const IN_PARTS_FROM = 32 * 2 ** 20;
const AT_ONCE = 3;
/** An upload has at most 10,000 parts, of 16 MiB unless it says otherwise. */
const LARGE_PARTS = { from: 10_000 * 16 * 2 ** 20, size: 64 * 2 ** 20 };
/** About half a minute: a platform that is started anew is back by then. */
const TRIES = 8;

interface Part {
  readonly number: number;
  readonly offset: number;
  readonly size: number;
  readonly received: boolean;
  /** Here, or at the object store. */
  readonly url: string;
}

export interface Sent {
  readonly sha256: string;
  /** False when the workspace held it already. */
  readonly sent: boolean;
}

/** Uploads a file's content unless the workspace holds it already. `onProgress` hears of bytes, sent and in all. */
export async function uploadFile(
  client: TailraceClient,
  path: string,
  onProgress: (sent: number, size: number) => void = () => {},
): Promise<Sent> {
  const { size } = await stat(path);
  const sha256 = await hashOf(path);
  if (await client.holds(sha256)) return { sha256, sent: false };
  if (size < IN_PARTS_FROM) await client.put(sha256, createReadStream(path), size);
  else await sendInParts(client, path, { sha256, size }, onProgress);
  return { sha256, sent: true };
}

/** Sends the first `size` bytes of a file, whose hash is known, and goes on where an earlier call was interrupted. Throws ApiError when they have changed. */
export async function sendInParts(
  client: TailraceClient,
  path: string,
  announced: { readonly sha256: string; readonly size: number },
  onProgress: (sent: number, size: number) => void = () => {},
): Promise<void> {
  const partSize = announced.size > LARGE_PARTS.from ? LARGE_PARTS.size : undefined;
  const upload = await post<{ id: string; parts: Part[] }>(client, '/v1/uploads', { ...announced, partSize });
  let sent = upload.parts.reduce((bytes, part) => bytes + (part.received ? part.size : 0), 0);
  const file = await open(path, 'r');
  try {
    onProgress(sent, announced.size);
    const missing = upload.parts.filter((part) => !part.received);
    await eachOf(missing, AT_ONCE, async (part) => {
      await sendPart(client, file, upload.id, part);
      onProgress((sent += part.size), announced.size);
    });
  } finally {
    await file.close();
  }
  await post(client, `/v1/uploads/${upload.id}/complete`, {});
}

async function sendPart(client: TailraceClient, file: FileHandle, uploadId: string, part: Part): Promise<void> {
  const { number, url, offset, size } = part;
  const body = new Uint8Array(size);
  const { bytesRead } = await file.read(body, 0, size, offset);
  if (bytesRead < size) throw new ApiError('CHANGED', 'the file became shorter while it was sent; send it again');
  const init = { method: 'PUT', body };
  if (url.startsWith('/')) {
    await perhapsLater(() => client.send(url, { ...init, headers: { 'content-type': 'application/octet-stream' } }));
    return;
  }
  await toStore(url, init).catch(async (error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    // Its time is over: the server gives a new one.
    const now = (await (await perhapsLater(() => client.send(`/v1/uploads/${uploadId}`, {}))).json()) as { parts: Part[] };
    await toStore(now.parts[number - 1]!.url, init);
  });
}

function toStore(url: string, init: RequestInit): Promise<void> {
  return perhapsLater(async () => {
    const answer = await fetch(url, init).catch((error: unknown) => {
      throw new UnreachableError(new URL(url).origin, error, 'it is the object store, to which this server sends its clients');
    });
    if (!answer.ok) throw ApiError.of(answer.status, await answer.text());
  });
}

async function post<T>(client: TailraceClient, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const answer = await perhapsLater(() => client.send(path, { method: 'POST', body: JSON.stringify(body), headers }));
  return (await answer.json()) as T;
}

function perhapsLater<T>(work: () => Promise<T>): Promise<T> {
  return patiently(async () => {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof ApiError && error.status !== undefined && isPassing(error.status);
      throw passes ? new BusyError(error.code, error.message, error.status!, 0) : error;
    }
  }, TRIES);
}
