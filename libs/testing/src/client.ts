import { createHash } from 'node:crypto';
import { GraphSocket } from './graph-socket.js';

export interface GraphError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly field?: string };
}

export interface GraphAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly data?: T | null;
  readonly errors?: readonly GraphError[];
}

/** A request that was refused; `code` is the server's. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string | null,
  ) {
    super(`${code}: ${message}`);
  }
}

type Variables = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

/** A client of the public API that also shows what a polite one hides: status codes, errors beside data, and single sockets. */
export class Client {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** The bare answer to an operation. */
  async graphql<T = Record<string, unknown>>(
    query: string,
    variables: Variables = {},
    headers: Headers = {},
  ): Promise<GraphAnswer<T>> {
    const response = await this.fetch('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query, variables }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const text = await response.text();
    try {
      return { ...(JSON.parse(text) as object), status: response.status };
    } catch {
      return { status: response.status, errors: [{ message: text }] };
    }
  }

  /** Data of an operation. Throws Refused for its first error. */
  async query<T>(query: string, variables: Variables = {}, headers: Headers = {}): Promise<T> {
    const { data, errors } = await this.graphql<T>(query, variables, headers);
    const error = errors?.[0];
    if (error) throw new Refused(error.extensions?.code ?? 'ERROR', error.message, error.extensions?.field);
    return data!;
  }

  /** Payload of a mutation with one root field. Throws Refused for its first user error too. */
  async mutate<T>(mutation: string, input: Variables, headers: Headers = {}): Promise<T> {
    type Payload = T & { userErrors?: { code: string; message: string; field?: string | null }[] };
    const payload = Object.values(await this.query<Record<string, Payload>>(mutation, { input }, headers))[0]!;
    const error = payload.userErrors?.[0];
    if (error) throw new Refused(error.code, error.message, error.field);
    return payload;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const token: Headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    return fetch(this.url + path, { ...init, headers: { ...token, ...(init.headers as Headers) } });
  }

  /** Uploads content and answers its SHA-256. */
  async upload(content: string | Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const response = await this.put(sha256, content);
    if (!response.ok) throw new Error(`upload: HTTP ${response.status} ${await response.text()}`);
    return sha256;
  }

  /** Uploads content under a name that may be wrong. */
  put(sha256: string, content: string | Uint8Array): Promise<Response> {
    return this.fetch(`/v1/blobs/${sha256}`, {
      method: 'PUT',
      body: content as string,
      headers: { 'content-type': 'application/octet-stream' },
    });
  }

  socket(headers: Headers = {}): Promise<GraphSocket> {
    return GraphSocket.open(this.url, this.token, headers);
  }
}
