import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { readFile } from 'node:fs/promises';
import { until, type Server } from '#testing';

export interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly id: string; readonly type: string; readonly sequence: string; readonly data: Record<string, string> };
}

const open = new Set<SseReader>();

/** Ends every reader that is left. */
export function stopReaders(): void {
  for (const reader of open) reader.stop();
}

/** A reader of the stream of events, which reads what comes as an EventSource does, or reads nothing for a while. */
export class SseReader {
  text = '';
  status: number | undefined;
  headers: Record<string, unknown> = {};
  ended = false;
  private response: IncomingMessage | undefined;
  private readonly call: ClientRequest;

  constructor(
    private readonly server: Server,
    query: string,
    { token = server.token, headers = {}, silent = false }: ReaderOptions = {},
  ) {
    const sent = { authorization: `Bearer ${token}`, ...headers };
    this.call = get(new URL(`/v1/events${query}`, server.url), { headers: sent, agent: false });
    this.call.on('response', (response) => {
      this.response = response;
      this.status = response.statusCode;
      this.headers = response.headers;
      response.on('error', () => undefined).on('close', () => (this.ended = true));
      if (!silent) this.read();
    });
    this.call.on('error', () => (this.ended = true));
    open.add(this);
  }

  get frames(): Frame[] {
    const whole = this.text.slice(0, this.text.lastIndexOf('\n\n') + 1).split('\n\n');
    return whole.flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const data = field('data');
      return data ? [{ id: field('id')!, event: field('event')!, data: JSON.parse(data) as Frame['data'] }] : [];
    });
  }

  /** How many events have come. */
  count(): number {
    return this.text.split('\ndata: ').length - 1;
  }

  /** Begins to take what comes. */
  read(): void {
    this.response!.setEncoding('utf8').on('data', (part: string) => (this.text += part));
  }

  opened(): Promise<unknown> {
    return until('the stream is open', async () => this.status);
  }

  /** Whether the server still holds its end of the connection, as its kernel says. */
  async isHeld(): Promise<boolean> {
    const ends = [Number(new URL(this.server.url).port), this.call.socket!.localPort!];
    const [local, remote] = ends.map((port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`);
    const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
    return lines.some(([, from, to, state]) => from?.endsWith(local!) && to?.endsWith(remote!) && state === ESTABLISHED);
  }

  stop(): void {
    open.delete(this);
    this.call.destroy();
  }
}

const ESTABLISHED = '01';

interface ReaderOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It takes the answer and reads nothing of it until `read`. */
  readonly silent?: boolean;
}
