import { DesiredStateSchema, type DesiredState, type ObservedState, type TrafficReport } from '#contracts';
import { DomainError, errorMessage } from '#kernel';
import { readFile } from 'node:fs/promises';

/** The server holds a long poll for up to 25 s. */
const POLL_TIMEOUT_MS = 35_000;
const CALL_TIMEOUT_MS = 10_000;
const BLOB_TIMEOUT_MS = 120_000;

/** The control plane cannot do it now, but may later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

interface Call {
  readonly path: string;
  readonly timeoutMs: number;
  readonly body?: string;
}

interface Received {
  readonly status: number;
  readonly body: Buffer;
}

/** The four calls that a node makes to the control plane. Each throws Unavailable. */
export class ControlClient {
  private token: string | undefined;

  /** `stopping` ends running calls. */
  constructor(
    private readonly apiUrl: string,
    private readonly tokenFile: string,
    private readonly stopping: AbortSignal,
  ) {}

  /** Waits for a state other than `after`; undefined when there was none for a while. */
  async desired(after: string | undefined): Promise<DesiredState | undefined> {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
    const { status, body } = await this.call({ path: `desired${query}`, timeoutMs: POLL_TIMEOUT_MS });
    if (status === 204) return undefined;
    const parsed = DesiredStateSchema.safeParse(parseJson(body));
    if (!parsed.success) throw new Unavailable(`the desired state is not understood: ${parsed.error.message.slice(0, 500)}`);
    return parsed.data;
  }

  /** Unverified bytes. Throws BLOB_NOT_FOUND when the control plane has no such blob. */
  async blob(workspaceId: string, sha256: string): Promise<Uint8Array> {
    const path = `blobs/${encodeURIComponent(workspaceId)}/${encodeURIComponent(sha256)}`;
    return (await this.call({ path, timeoutMs: BLOB_TIMEOUT_MS })).body;
  }

  async report(observed: ObservedState): Promise<void> {
    await this.call({ path: 'observed', timeoutMs: CALL_TIMEOUT_MS, body: JSON.stringify(observed) });
  }

  async traffic(report: TrafficReport): Promise<void> {
    await this.call({ path: 'traffic', timeoutMs: CALL_TIMEOUT_MS, body: JSON.stringify(report) });
  }

  private async call(call: Call): Promise<Received> {
    let received = await this.send(call);
    if (received.status === 401) {
      // The token may have been renewed since the file was read.
      this.token = undefined;
      received = await this.send(call);
    }
    if (received.status >= 200 && received.status < 300) return received;
    if (received.status === 404 && call.path.startsWith('blobs/'))
      throw new DomainError('BLOB_NOT_FOUND', 'the model file does not exist any more');
    throw new Unavailable(`the control plane answers ${received.status} to ${call.path.split('?', 1)[0]}`);
  }

  private async send(call: Call): Promise<Received> {
    // Not AbortSignal.any: what it notes down on the signal that lives as long as the node grows with every call.
    const ended = new AbortController();
    const abort = () => ended.abort(new Error(this.stopping.aborted ? 'stopping' : `no answer in ${call.timeoutMs} ms`));
    const timer = setTimeout(abort, call.timeoutMs);
    this.stopping.addEventListener('abort', abort);
    try {
      this.stopping.throwIfAborted();
      const response = await this.fetch(call, ended.signal);
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
    } catch (error) {
      throw new Unavailable(reasonOf(error));
    } finally {
      clearTimeout(timer);
      this.stopping.removeEventListener('abort', abort);
    }
  }

  private async fetch({ path, body }: Call, signal: AbortSignal): Promise<Response> {
    this.token ??= (await readFile(this.tokenFile, 'utf8')).trim();
    return fetch(`${this.apiUrl.replace(/\/+$/, '')}/internal/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body,
      // The token goes to the control plane and nowhere else.
      redirect: 'error',
      signal,
    });
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause ? `: ${errorMessage(error.cause)}` : '';
  return `the control plane cannot be reached: ${errorMessage(error)}${cause}`;
}
