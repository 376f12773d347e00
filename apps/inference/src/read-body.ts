import type { IncomingMessage } from 'node:http';
import { fault } from './faults.js';

/** The caller hung up before its request was whole: there is nobody to answer. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

const LINGER_MS = 2000;

/** Refuses by Content-Length before a byte is read. Throws TOO_LARGE. */
export function checkLength(request: IncomingMessage, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/** The whole body. Throws TOO_LARGE as soon as more than `limit` bytes have come, and HungUp. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        // Dropped at once; what still comes is discarded by linger().
        chunks.length = 0;
        request.removeAllListeners('data');
        return reject(tooLarge(limit));
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('close', () => {
      // It closes after every request; and a stack trace for each would be a tenth of the whole cost.
      if (!request.complete) reject(new HungUp('the caller hung up'));
    });
    request.on('error', () => {});
  });
}

/**
 * Discards the rest of a request that was answered early. To close at once would reset the connection, and a caller that is still sending
 * would lose the answer; to discard without end would let it send for ever.
 */
export function linger(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
  request.resume();
}

function tooLarge(limit: number): Error {
  return fault('TOO_LARGE', `the body may have at most ${limit} bytes`);
}
