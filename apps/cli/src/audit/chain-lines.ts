import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { AuditLink } from '#contracts';
import type { TailraceClient } from '../client/tailrace-client.js';

export interface SignedCheckpoint {
  /** The text that was signed. */
  readonly body: string;
  /** Base64. */
  readonly signature: string;
}

/** One line of the server's answer. */
export type ChainLine =
  | { readonly checkpoint: SignedCheckpoint }
  | { readonly end: { readonly waiting: number; readonly strays: readonly string[] } }
  | AuditLink;

/** The chain of the caller's workspace as the server streams it. */
export async function* chainLines(client: TailraceClient): AsyncGenerator<ChainLine> {
  const response = await client.send('/v1/audit/chain', {});
  const input = Readable.fromWeb(response.body as ReadableStream);
  for await (const line of createInterface({ input, crlfDelay: Infinity })) if (line) yield JSON.parse(line) as ChainLine;
}
