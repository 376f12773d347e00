import type { FileHandle } from 'node:fs/promises';
import { resolveRange } from '../blob-key.js';
import type { ByteRange, OpenBlob } from '../blob-store.js';

/** Bytes of one read: fewer calls cost less, and two of them per reader stay small beside what a socket holds. */
export const PIECE = 512 * 1024;
/** Buffers that wait for the next reader, so that steady reading allocates nothing. */
const SPARE = 16;
const spare: Buffer[] = [];

/** Reads a file once, with two buffers: one is with the consumer while the other is filled. */
export class FileReader implements OpenBlob {
  private closing: Promise<void> | undefined;

  constructor(
    private readonly handle: FileHandle,
    readonly size: number,
    private readonly asError: (error: unknown) => Error,
  ) {}

  async *pieces(range: ByteRange = { start: 0 }): AsyncGenerator<Uint8Array, void, undefined> {
    const buffers: Buffer[] = [];
    let next: Promise<Buffer> | undefined;
    try {
      const { start, length } = resolveRange(range, this.size);
      const end = start + length;
      for (let [at, n] = [start, 0]; at < end; n++) {
        next ??= this.fill((buffers[n % 2] ??= take(length)), at, end);
        const piece = await next;
        at += piece.byteLength;
        next = at < end ? this.fill((buffers[(n + 1) % 2] ??= take(length)), at, end) : undefined;
        // Waited for in the next turn; a consumer that never takes it must not end the process.
        next?.catch(() => {});
        yield piece;
      }
    } finally {
      await next?.catch(() => {});
      for (const buffer of buffers) give(buffer);
      await this.close();
    }
  }

  close(): Promise<void> {
    return (this.closing ??= this.handle.close());
  }

  private async fill(buffer: Buffer, at: number, end: number): Promise<Buffer> {
    const { bytesRead } = await this.handle.read(buffer, 0, Math.min(buffer.byteLength, end - at), at).catch((error: unknown) => {
      throw this.asError(error);
    });
    // A blob never shrinks: what is shorter than it was is broken, and must not be sent as if it were whole.
    if (bytesRead === 0) throw this.asError(new Error(`a blob of ${this.size} bytes ends after ${at}`));
    return buffer.subarray(0, bytesRead);
  }
}

/** What is small gets a buffer of its own size. */
function take(length: number): Buffer {
  if (length < PIECE / 2) return Buffer.allocUnsafe(length);
  return spare.pop() ?? Buffer.allocUnsafeSlow(PIECE);
}

function give(buffer: Buffer): void {
  if (buffer.byteLength === PIECE && spare.length < SPARE) spare.push(buffer);
}
