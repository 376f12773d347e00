import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/** Writes what is answered to a file that only its owner reads, or to stdout. */
export async function saveBody(response: Response, file: string | undefined): Promise<void> {
  const body = Readable.fromWeb(response.body as ReadableStream);
  if (file) await pipeline(body, createWriteStream(file, { mode: 0o600 }));
  else await pipeline(body, process.stdout, { end: false });
}
