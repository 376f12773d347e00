import { DomainError, errorMessage, sleep } from '#kernel';

export interface Patience {
  /** How long a call is repeated; 0 for a single try. */
  readonly totalMs: number;
  /** After so long one try is given up: a peer that vanished never closes its connection. */
  readonly tryMs: number;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: Uint8Array | string;
  readonly contentType?: string;
}

/** One try's end: an answer, or a reason to try again. */
type Outcome = { readonly answer: Response; readonly bytes: Uint8Array } | { readonly again: string; readonly afterMs?: number };

/** HTTP with a token, repeated while the platform is down or busy. */
export class AttemptHttp {
  constructor(
    private readonly base: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  async post(path: string, body: unknown, patience: Patience): Promise<unknown> {
    const bytes = await this.send(
      { method: 'POST', path, body: JSON.stringify(body), contentType: 'application/json' },
      patience,
    );
    return bytes.length === 0 ? undefined : parseJson(path, bytes);
  }

  async put(path: string, body: Uint8Array, patience: Patience): Promise<void> {
    await this.send({ method: 'PUT', path, body, contentType: 'application/octet-stream' }, patience);
  }

  get(path: string, patience: Patience): Promise<Uint8Array> {
    return this.send({ method: 'GET', path }, patience);
  }

  private async send(call: Call, { totalMs, tryMs }: Patience): Promise<Uint8Array> {
    const end = performance.now() + totalMs;
    for (let tries = 0; ; tries++) {
      const outcome = await this.try(call, tryMs);
      if ('answer' in outcome) return accept(call, outcome);
      const delay = outcome.afterMs ?? backoff(tries);
      if (performance.now() + delay > end)
        throw new DomainError('CLOSED', `the platform cannot be reached: ${call.method} ${call.path}: ${outcome.again}`);
      await sleep(delay, this.signal);
    }
  }

  private async try(call: Call, tryMs: number): Promise<Outcome> {
    if (this.signal.aborted) throw new DomainError('ABORTED', 'the attempt was told to stop');
    try {
      const answer = await fetch(`${this.base}${call.path}`, {
        method: call.method,
        headers: { authorization: `Bearer ${this.token}`, ...(call.contentType ? { 'content-type': call.contentType } : {}) },
        // fetch's types know no view of a shared buffer; ours never is one.
        body: call.body as string | Uint8Array<ArrayBuffer> | undefined,
        redirect: 'error',
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(tryMs)]),
      });
      // The body belongs to the try: an answer cut in the middle is no answer.
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status < 500 && answer.status !== 429 && answer.status !== 408) return { answer, bytes };
      return { again: `HTTP ${answer.status}`, afterMs: retryAfter(answer) };
    } catch (error) {
      return { again: reasonOf(error) };
    }
  }
}

function accept({ method, path }: Call, { answer, bytes }: { answer: Response; bytes: Uint8Array }): Uint8Array {
  if (answer.ok) return bytes;
  const { code, message } = errorOf(bytes);
  if (answer.status === 401 || answer.status === 403 || (answer.status === 409 && code === 'STALE_ATTEMPT'))
    throw new DomainError('STALE_ATTEMPT', message ?? `the platform does not know this attempt any more (HTTP ${answer.status})`);
  throw new DomainError('BAD_REQUEST', `${method} ${path}: HTTP ${answer.status}${message ? `, ${message.slice(0, 500)}` : ''}`);
}

function errorOf(bytes: Uint8Array): { code?: string; message?: string } {
  try {
    const { error } = JSON.parse(new TextDecoder().decode(bytes)) as { error?: { code?: unknown; message?: unknown } };
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return { code: text(error?.code), message: text(error?.message) };
  } catch {
    return {};
  }
}

function parseJson(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new DomainError('BAD_REQUEST', `${path} answered with something that is not JSON; is the URL that of the platform?`);
  }
}

/** Exponential, with half of it by chance, so that attempts which failed together do not come back together. */
function backoff(tries: number): number {
  const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries, 10));
  return full / 2 + (Math.random() * full) / 2;
}

/** Seconds, by RFC 9110; a date, which it allows too, is left to the backoff. */
function retryAfter(answer: Response): number | undefined {
  const seconds = Number.parseFloat(answer.headers.get('retry-after') ?? '');
  if (!Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1000, MAX_DELAY_MS) + Math.random() * FIRST_DELAY_MS;
}

/** fetch hides why a connection failed in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause ?? error).slice(0, 300);
}
