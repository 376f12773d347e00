import { Readable } from 'node:stream';

/**
 * The chunks of `source`, about `size` bytes of them at a time, the last time fewer, as they came and without a copy. A stream is read on while the
 * consumer works on what it got, one `size` ahead at most: what it costs to wait is paid once for many chunks.
 */
export function gather(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array[], void, undefined> {
  return source instanceof Readable ? gatherStream(source, size) : gatherChunks(source, size);
}

async function* gatherChunks(source: AsyncIterable<Uint8Array>, size: number) {
  let [chunks, bytes]: [Uint8Array[], number] = [[], 0];
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes < size) continue;
    yield chunks;
    [chunks, bytes] = [[], 0];
  }
  if (chunks.length > 0) yield chunks;
}

async function* gatherStream(source: Readable, size: number) {
  const inbox = new Inbox(source, size);
  try {
    for (;;) {
      const chunks = await inbox.take();
      if (chunks.length === 0) return;
      yield chunks;
    }
  } finally {
    inbox.leave();
  }
}

class Inbox {
  private chunks: Uint8Array[] = [];
  private bytes = 0;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly source: Readable,
    private readonly size: number,
  ) {
    if (source.errored) this.fail(source.errored);
    else if (source.destroyed && !source.readableEnded) this.fail(cutShort());
    else if (source.readableEnded) this.ended = true;
    source.on('error', this.fail).on('close', this.closed).on('end', this.end).on('data', this.push);
  }

  /** What has come, once it is enough or all; nothing at the end. Throws the error of the stream, even when something came before it. */
  async take(): Promise<Uint8Array[]> {
    while (this.bytes < this.size && !this.ended && !this.failure) await new Promise<void>((wake) => (this.wake = wake));
    if (this.failure) throw this.failure.error;
    const { chunks } = this;
    [this.chunks, this.bytes] = [[], 0];
    if (!this.ended) this.source.resume();
    return chunks;
  }

  /** Who stops early wants no more of it, as with any reading of a stream. */
  leave(): void {
    this.source.off('close', this.closed).off('end', this.end).off('data', this.push).off('error', this.fail);
    if (this.ended) return;
    this.source.on('error', () => {});
    this.source.destroy();
  }

  private readonly push = (chunk: Uint8Array): void => {
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    if (this.bytes < this.size) return;
    this.source.pause();
    this.wake?.();
  };

  private readonly end = (): void => {
    this.ended = true;
    this.wake?.();
  };

  private readonly fail = (error: unknown): void => {
    this.failure ??= { error };
    this.wake?.();
  };

  private readonly closed = (): void => {
    if (!this.ended) this.fail(cutShort());
  };
}

function cutShort(): Error {
  return Object.assign(new Error('the stream was closed before its end'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
