import { createHash } from 'node:crypto';
import { DomainError } from '#kernel';
import { checkSha256 } from './blob-key.js';
import type { BlobRef, BlobSource, PutOptions } from './blob-store.js';
import { gather } from './gather.js';

interface Emitter {
  on(event: 'error', listener: () => void): unknown;
}

/**
 * Reads the source of one put once: counts and hashes what passes, stops at `maxBytes`, and remembers an error of the source, so that
 * a store can tell it from an error of its own. Throws BAD_INPUT at once when `expected.sha256` is no hash.
 */
export class Intake {
  private readonly hash = createHash('sha256');
  private size = 0;
  private thrown: { readonly error: unknown } | undefined;

  constructor(
    private readonly source: BlobSource,
    private readonly opts: PutOptions = {},
  ) {
    if (opts.expected) checkSha256(opts.expected.sha256);
    // A stream that breaks before it is read would end the process if nobody listened; the reading below still sees the error.
    if ('on' in source) (source as unknown as Emitter).on('error', () => {});
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (this.source instanceof Uint8Array) yield this.take(this.source);
      else for await (const chunk of this.source) yield this.take(chunk);
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
  }

  /** As `read`, but many chunks at a time: about `size` bytes, the last time fewer. They are released when the next are asked for. */
  async *pieces(size: number): AsyncGenerator<Uint8Array[], void, undefined> {
    const { release } = this.opts;
    try {
      if (this.source instanceof Uint8Array) yield [this.take(this.source)];
      else
        for await (const chunks of gather(this.source, size)) {
          for (const chunk of chunks) this.take(chunk);
          yield chunks;
          if (release) for (const chunk of chunks) release(chunk);
        }
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
  }

  /** True for an error of the sender or of the claim, not of the store: to be passed on as it is. */
  owns(error: unknown): boolean {
    return this.thrown !== undefined && this.thrown.error === error;
  }

  /** The name of what was read, claimed. Throws BLOB_MISMATCH, or the error of the claim. */
  async finish(): Promise<BlobRef> {
    const ref = this.found();
    try {
      await this.opts.claim?.(ref);
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
    return ref;
  }

  private found(): BlobRef {
    const found = { sha256: this.hash.digest('hex'), size: this.size };
    const { expected } = this.opts;
    if (expected && (expected.sha256 !== found.sha256 || (expected.size ?? found.size) !== found.size))
      throw new DomainError('BLOB_MISMATCH', 'the content is not what was announced; send it again', undefined, {
        expected,
        found,
      });
    return found;
  }

  private take(chunk: Uint8Array): Uint8Array {
    this.size += chunk.byteLength;
    const { maxBytes = Infinity } = this.opts;
    if (this.size > maxBytes) throw new DomainError('BLOB_TOO_LARGE', `the content is larger than ${maxBytes} bytes`);
    this.hash.update(chunk);
    return chunk;
  }
}

/** All of a part, in memory. Throws BLOB_MISMATCH when it has not exactly `size` bytes, as soon as that is known. */
export async function readPart(source: BlobSource, size: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let found = 0;
  for await (const chunk of new Intake(source).read()) {
    chunks.push(chunk);
    found += chunk.byteLength;
    if (found > size) break;
  }
  if (found !== size) throw wrongSize(size);
  return Buffer.concat(chunks);
}

export function wrongSize(size: number): DomainError {
  return new DomainError('BLOB_MISMATCH', `this part has exactly ${size} bytes; send it again`, undefined, {
    expected: { size },
  });
}
