import { lookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { AddressRules, hostOf } from './address-rules.js';

const TIMEOUT_MS = 30_000;
const MAX_BODY = 4096;

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface Reply {
  readonly status: number;
  /** At most its first 4 KB. */
  readonly body: string;
  /** The header `retry-after`. */
  readonly retryAfter?: string;
}

export interface GuardedClientOptions {
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const lookupAll = promisify(lookup);
const system: Resolve = (host) => lookupAll(host, { all: true, verbatim: true });

/**
 * Sends to addresses that others chose, and to no others than the rules permit. A name is resolved once, every address of it is judged, and the
 * connection is made to one of those; the socket's far end is judged once more. No redirect is followed and no proxy is used.
 */
export class GuardedClient {
  readonly rules: AddressRules;
  private readonly resolve: Resolve;
  private readonly timeoutMs: number;

  /** `allow`: networks in CIDR form that are permitted beside public addresses. */
  constructor(allow: readonly string[], options: GuardedClientOptions = {}) {
    this.rules = new AddressRules(allow);
    this.resolve = options.resolve ?? system;
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Posts `body` to the byte; the whole exchange has 30 s. Throws when the address is refused or no answer came. */
  async post(address: string, headers: Readonly<Record<string, string>>, body: Buffer, stop?: AbortSignal): Promise<Reply> {
    const url = this.rules.permittedUrl(address);
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
    try {
      const addresses = await before(signal, this.permitted(url));
      return await this.exchange(url, addresses, headers, body, signal);
    } catch (error) {
      throw timeout.aborted ? new Error(`no answer within ${this.timeoutMs / 1000} s`, { cause: error }) : error;
    }
  }

  /** Throws when any address of the host is not permitted: a name with one private address is not a public name. */
  private async permitted(url: URL): Promise<readonly LookupAddress[]> {
    const host = hostOf(url);
    const family = isIP(host);
    const addresses = family ? [{ address: host, family }] : await this.resolve(host);
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    if (!addresses.every(({ address }) => this.rules.permits(address, url.protocol))) throw refused(host);
    return addresses;
  }

  private exchange(
    url: URL,
    addresses: readonly LookupAddress[],
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = start(url, {
        method: 'POST',
        headers: { ...headers, 'User-Agent': 'Tailrace', 'Content-Length': String(body.length) },
        // A connection of its own: none that was made for another name, and no proxy.
        agent: false,
        lookup: only(addresses),
        signal,
      });
      request.once('socket', (socket) => {
        // Node writes the request only after this listener has run.
        if (socket.connecting) socket.once('connect', () => this.judge(url, socket));
        else this.judge(url, socket);
      });
      request.on('error', reject);
      request.once('response', (response) => {
        // From here on the status is known, and a broken body changes nothing.
        request.off('error', reject).on('error', () => undefined);
        void beginning(response).then((text) => {
          resolve({ status: response.statusCode!, body: text, retryAfter: response.headers['retry-after'] });
          request.destroy();
        });
      });
      request.end(body);
    });
  }

  private judge(url: URL, socket: Socket): void {
    if (!this.rules.permits(socket.remoteAddress ?? '', url.protocol)) socket.destroy(refused(hostOf(url)));
  }
}

/** Says nothing of the address: whoever wrote the URL shall not learn the names of a network from us. */
function refused(host: string): Error {
  return new Error(`${host} is refused: it does not stand for public addresses only, and plain HTTP needs an allowed network`);
}

/** A resolver that knows these addresses and nothing else. */
function only(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
}

/** The first 4 KB of an answer, or what came of them before it broke off: the status is known all the same. */
async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MAX_BODY) break;
    }
  } catch {
    // broken off
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY).toString('utf8');
}

/** The result of work that cannot be stopped, or a rejection when the signal comes first. */
function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
