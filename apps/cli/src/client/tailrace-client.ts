import { createHash } from 'node:crypto';
import type { ReadStream } from 'node:fs';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ApiError, UnreachableError } from './api-error.js';

export interface UserError {
  readonly code: string;
  readonly message: string;
  readonly field?: string | null;
}

/** Selection that `mutate` needs of every payload. */
export const USER_ERRORS = 'userErrors { code message field }';

type Variables = Record<string, unknown>;

/** A client like any other: public GraphQL, uploads and the Open Inference Protocol, with a token. */
export class TailraceClient {
  private socket: Client | undefined;

  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** Data of a query. Throws ApiError with the server's code, UnreachableError when nobody answers. */
  async query<T>(query: string, variables: Variables = {}, headers: Record<string, string> = {}): Promise<T> {
    const body = JSON.stringify({ query, variables });
    const response = await this.send('/graphql', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    const answer = (await response.json()) as { data?: T; errors?: { message: string; extensions?: { code?: string } }[] };
    const error = answer.errors?.[0];
    if (error) throw new ApiError(error.extensions?.code ?? 'ERROR', error.message);
    return answer.data!;
  }

  /** Payload of a mutation that has one root field. Throws ApiError for its first user error. */
  mutate<T>(query: string, input: Variables, headers: Record<string, string> = {}): Promise<T> {
    return this.mutateWith<T>(query, { input }, headers);
  }

  /** The same for a mutation that takes other variables than one input. */
  async mutateWith<T>(query: string, variables: Variables, headers: Record<string, string> = {}): Promise<T> {
    const data = await this.query<Record<string, T & { userErrors: UserError[] }>>(query, variables, headers);
    const payload = Object.values(data)[0]!;
    const error = payload.userErrors[0];
    if (error) throw new ApiError(error.code, error.field ? `${error.field}: ${error.message}` : error.message);
    return payload;
  }

  /** Results of a subscription until it ends, or the caller stops; a connection that is lost begins it anew, with the same variables. */
  async *subscribe<T>(query: string, variables: Variables = {}): AsyncGenerator<T> {
    this.socket ??= this.openSocket(20);
    yield* this.results<T>(this.socket, query, variables);
  }

  /** The same over a connection of its own, which is not opened again: what comes out of its loss is thrown. */
  async *subscribeOnce<T>(query: string, variables: Variables = {}): AsyncGenerator<T> {
    const socket = this.openSocket(0);
    try {
      yield* this.results<T>(socket, query, variables);
    } finally {
      await socket.dispose();
    }
  }

  private openSocket(retryAttempts: number): Client {
    const url = `${this.url.replace(/^http/, 'ws')}/graphql`;
    return createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${this.token}` },
      retryAttempts,
    });
  }

  private async *results<T>(socket: Client, query: string, variables: Variables): AsyncGenerator<T> {
    for await (const result of socket.iterate<Record<string, T>>({ query, variables })) {
      const error = result.errors?.[0];
      if (error) throw new ApiError(String((error.extensions as { code?: string } | undefined)?.code ?? 'ERROR'), error.message);
      yield Object.values(result.data!)[0]!;
    }
  }

  async uploadText(text: string): Promise<string> {
    const bytes = Buffer.from(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.put(sha256, bytes, bytes.length);
    return sha256;
  }

  /** Whether the workspace holds a blob; it is then kept for a day. */
  async holds(sha256: string): Promise<boolean> {
    return this.send(`/v1/blobs/${sha256}`, { method: 'HEAD' }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return false;
        throw error;
      },
    );
  }

  /** Sends a blob whole. */
  async put(sha256: string, body: Uint8Array | ReadStream, size: number): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
    await this.send(`/v1/blobs/${sha256}`, { method: 'PUT', body, headers, duplex: 'half' } as unknown as RequestInit);
  }

  /** Answer of `POST /v2/models/<endpoint>/infer`. */
  async infer(endpoint: string, request: unknown): Promise<InferAnswer> {
    const response = await this.send(`/v2/models/${encodeURIComponent(endpoint)}/infer`, {
      method: 'POST',
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json' },
    });
    return (await response.json()) as InferAnswer;
  }

  /** A request with the token. Throws ApiError for a status of 400 or more. */
  async send(path: string, init: RequestInit): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(this.url + path, { ...init, headers }).catch((error: unknown) => {
      throw new UnreachableError(this.url, error);
    });
    // GraphQL says in its body what was wrong; everything else says it by status.
    if (response.ok || path === '/graphql') return response;
    const text = await response.text();
    throw ApiError.of(response.status, text);
  }

  async close(): Promise<void> {
    await this.socket?.dispose();
  }
}

export interface InferAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly parameters: { readonly prediction_id: string };
  readonly outputs: { name: string; datatype: string; shape: number[]; data: (string | number)[] }[];
}
