import { ApiError } from '../client/api-error.js';

const IDLE_MS = 120_000;

/** Ends a transfer that nothing moves in any more. */
export class IdleGuard {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    this.touch();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  touch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(new Error(`nothing came for ${IDLE_MS / 1000} s`)), IDLE_MS);
  }

  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}

/** Bytes as they come, no more and no fewer than were promised. */
export async function* measured(
  body: AsyncIterable<Uint8Array>,
  size: number | undefined,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const part of body) {
    seen += part.length;
    if (size !== undefined && seen > size) throw wrongSize(`more than the ${size} bytes of its list`);
    onBytes(part.length);
    yield part;
  }
  if (size !== undefined && seen < size) throw wrongSize(`${seen} bytes, not the ${size} of its list`);
}

const wrongSize = (what: string): ApiError => new ApiError('WRONG_SIZE', `the file has ${what}`, 422);
