import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Host and Origin checks, against DNS rebinding and foreign pages. Allowed hosts: loopback names, the address the server listens on, and
 * what the operator lists. An Origin, when a browser sends one, must be one of the same hosts with the port it was asked on.
 */
export class OriginPolicy {
  private readonly hosts: ReadonlySet<string>;

  constructor(listenHost: string, allowed: readonly string[]) {
    this.hosts = new Set(['localhost', '127.0.0.1', '[::1]', listenHost, ...allowed].map((host) => host.toLowerCase()));
  }

  /** Why a request is refused; undefined when it is fine. */
  refusal(request: IncomingMessage): string | undefined {
    const host = request.headers.host?.toLowerCase();
    if (!host || !this.isAllowed(host))
      return 'the Host header names a host that this server does not answer for; the operator can add it to TAILRACE_ALLOWED_HOSTS';
    const origin = request.headers.origin;
    if (origin === undefined) return undefined;
    const parsed = URL.parse(origin);
    if (!parsed || !this.isAllowed(parsed.host)) return 'requests from the pages of another origin are refused';
    return undefined;
  }

  private isAllowed(hostAndPort: string): boolean {
    const host = hostAndPort.replace(/:\d{1,5}$/, '');
    return this.hosts.has(host) || this.hosts.has(hostAndPort) || (isIP(host) !== 0 && this.hosts.has('0.0.0.0'));
  }
}
