import { ApiError, UnreachableError } from '../client/api-error.js';
import { EXIT, Failure } from '../exit-codes.js';
import { parseJson, textWithin } from './body.js';
import { BusyError, isPassing, patiently } from './retry.js';

export interface RestAccess {
  /** Without credentials, and without a slash at its end. */
  readonly url: string;
  readonly authorization?: string;
  /** What the server is called in messages: `the source`. */
  readonly name: string;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Ask {
  readonly query?: Query;
  readonly body?: object;
  /** 1: no second try, for what must not happen twice. */
  readonly tries?: number;
}

const TIMEOUT_MS = 120_000;
const MAX_HOPS = 3;

/** Requests to a server that speaks MLflow's REST API; retries what may pass, follows no redirect to another server. */
export class RestClient {
  constructor(private readonly access: RestAccess) {}

  get url(): string {
    return this.access.url;
  }

  get name(): string {
    return this.access.name;
  }

  /** Answer of an address below `/api/2.0/mlflow/`. Throws ApiError with MLflow's code and the status. */
  async call<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
    return this.json<T>(method, `/api/2.0/mlflow/${path}`, ask);
  }

  async json<T>(method: string, path: string, { query = {}, body, tries }: Ask = {}): Promise<T> {
    const init = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {};
    return patiently(async () => {
      const response = await this.once(path + queryText(query), { method, ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      return parseJson(await this.read(() => textWithin(response))) as T;
    }, tries);
  }

  /** A file as it comes; `signal` ends it. Not retried: the caller begins anew. */
  async open(path: string, signal: AbortSignal): Promise<Response> {
    return this.once(path, { method: 'GET', signal });
  }

  /** Sends a file as it is read. */
  async put(path: string, body: AsyncIterable<Uint8Array>, size: number | undefined, signal: AbortSignal): Promise<void> {
    const length = size === undefined ? {} : { 'content-length': String(size) };
    const headers = { 'content-type': 'application/octet-stream', ...length };
    const response = await this.once(path, { method: 'PUT', body, headers, duplex: 'half', signal } as unknown as RequestInit);
    await response.body?.cancel();
  }

  private async once(path: string, init: RequestInit): Promise<Response> {
    let address = this.access.url + path;
    for (let hops = 0; ; hops++) {
      const response = await this.read(() => fetch(address, { ...init, redirect: 'manual', headers: this.headers(init) }));
      if (response.ok) return response;
      if (response.status < 300 || response.status >= 400) throw await this.refusal(response);
      address = this.next(address, response, init.method, hops);
      await response.body?.cancel();
    }
  }

  private headers(init: RequestInit): Record<string, string> {
    const { authorization } = this.access;
    return { ...(authorization ? { authorization } : {}), ...(init.headers as Record<string, string> | undefined) };
  }

  /** Only within the same origin: elsewhere the credentials are nobody's business, and the address is not one that the user named. */
  private next(address: string, response: Response, method: string | undefined, hops: number): string {
    const target = URL.parse(response.headers.get('location') ?? '', address);
    const said = `${this.name} answers ${response.status} and sends on to ${target ? target.origin + target.pathname : 'nowhere'}`;
    if (!target || target.origin !== new URL(address).origin || method !== 'GET' || hops >= MAX_HOPS)
      throw new ApiError('REDIRECT', `${said}; that is not followed: give the URL that it really has`, response.status);
    return target.href;
  }

  private async refusal(response: Response): Promise<Error> {
    const text = await textWithin(response, 100_000).catch(() => '');
    const { code, message } = said(text);
    const words = `${this.name} answers ${response.status}${message ? `: ${message}` : ''}`;
    if (response.status === 401) return new Failure(`${words} (is the token, or user and password, right?)`, EXIT.auth);
    if (!isPassing(response.status)) return new ApiError(code, message || words, response.status);
    return new BusyError(code, words, response.status, (Number(response.headers.get('retry-after')) || 0) * 1000);
  }

  private async read<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      if (error instanceof ApiError || error instanceof Failure) throw error;
      throw new UnreachableError(this.url, error, `${this.name} must be reachable from this machine`);
    });
  }
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)] as [string, string])).toString();
  return text && `?${text}`;
}

/** Code and message of an error in MLflow's form; of any other, the beginning of its text. */
function said(text: string): { code: string; message: string } {
  try {
    const { error_code: code, message } = JSON.parse(text) as { error_code?: unknown; message?: unknown };
    if (typeof code === 'string') return { code, message: String(message ?? code).slice(0, 500) };
  } catch {
    // plain text, or a page of HTML
  }
  return { code: 'HTTP', message: text.trimStart().startsWith('<') ? '' : text.trim().slice(0, 200) };
}
