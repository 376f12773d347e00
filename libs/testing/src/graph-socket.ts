import { WebSocket } from 'ws';
import { until } from './until.js';

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?:
    { readonly data?: Record<string, unknown>; readonly errors?: readonly SocketError[] } | readonly SocketError[];
}
interface SocketError {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

/** One operation on a socket: what came, and how it ended. */
export interface Subscription<T> {
  readonly values: T[];
  readonly errors: SocketError[];
  readonly done: () => boolean;
}

/** One bare graphql-transport-ws connection, without the reconnecting of a polite client. */
export class GraphSocket {
  private readonly handlers = new Map<string, (message: Message) => void>();
  private next = 1;

  private constructor(private readonly socket: WebSocket) {
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
      this.handlers.get(message.id ?? message.type)?.(message);
    });
  }

  /** Rejects with `HTTP <status>` when the upgrade is refused, with `close <code>` when the token is. */
  static async open(
    url: string,
    token: string | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<GraphSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    const graph = new GraphSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      socket.once('close', (code) => reject(new Error(`close ${code}`)));
      socket.once('open', () =>
        socket.send(JSON.stringify({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} })),
      );
      graph.handlers.set('connection_ack', () => resolve());
    });
    return graph;
  }

  /** Starts an operation; its values are those of its one root field. */
  start<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Subscription<T> {
    const id = String(this.next++);
    const values: T[] = [];
    const errors: SocketError[] = [];
    let ended = false;
    this.handlers.set(id, ({ type, payload }) => {
      if (type === 'complete' || type === 'error') ended = true;
      if (Array.isArray(payload)) errors.push(...(payload as SocketError[]));
      else if (payload && 'errors' in payload && payload.errors) errors.push(...payload.errors);
      else if (payload && 'data' in payload && payload.data) values.push(Object.values(payload.data)[0] as T);
    });
    this.socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
    return { values, errors, done: () => ended };
  }

  /** Runs an operation to its end. */
  async run<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Subscription<T>> {
    const operation = this.start<T>(query, variables);
    await until('the operation ends', async () => operation.done() || operation.errors.length > 0, 10_000, 10);
    return operation;
  }

  /** Drops the connection as a broken network does. */
  drop(): void {
    this.socket.terminate();
  }
}
