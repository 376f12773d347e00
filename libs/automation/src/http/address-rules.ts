import { isIP, type BlockList } from 'node:net';
import { DomainError } from '#kernel';
import { effective, isIn, isPublic, networks } from './address.js';

const MAX_URL = 2048;
/** Those below are the system ports of RFC 6335. */
const FIRST_FREE_PORT = 1024;

const bad = (message: string): DomainError => new DomainError('BAD_INPUT', message, 'url');

/** Where webhooks may go: by HTTPS to public addresses, and by HTTP too to the networks that the installation allows. */
export class AddressRules {
  private readonly allowed: BlockList;
  private readonly schemes: readonly string[];

  /** `allow`: networks in CIDR form. */
  constructor(allow: readonly string[]) {
    this.allowed = networks(allow);
    this.schemes = allow.length > 0 ? ['https', 'http'] : ['https'];
  }

  /** Whether a connection to this address may be made. */
  permits(address: string, protocol: string): boolean {
    const real = effective(address);
    if (real === undefined) return false;
    return isIn(this.allowed, real) || (protocol === 'https:' && isPublic(real));
  }

  /** Reads the URL that somebody gives a webhook now, which is to be meant as it will be sent. Throws BAD_INPUT. */
  checkedUrl(text: string): URL {
    const url = this.permittedUrl(text);
    if (url.hash) throw bad(`Webhook URL must not hold a fragment ('${url.hash.slice(0, 50)}'): no request carries it.`);
    this.checkPort(url);
    return url;
  }

  /** Reads the URL of a webhook, whenever that was given. A name is judged by its addresses when it is used. Throws BAD_INPUT. */
  permittedUrl(text: string): URL {
    if (text.trim() === '') throw bad(`Webhook URL cannot be empty or just whitespace: '${text}'`);
    if (text.length > MAX_URL || !URL.canParse(text)) throw bad(`Invalid webhook URL '${text.slice(0, 200)}'`);
    const url = new URL(text);
    const scheme = url.protocol.slice(0, -1);
    if (!this.schemes.includes(scheme))
      throw bad(`Invalid webhook URL scheme: '${scheme}'. Allowed schemes are: ${this.schemes.join(', ')}.`);
    if (url.username || url.password) throw bad('Webhook URL must not hold a user name or a password.');
    for (const address of literalAddresses(url))
      if (!this.permits(address, url.protocol))
        throw bad(`Webhook URL must not resolve to a non-public IP address. '${url.hostname}' is ${address}.`);
    return url;
  }

  /** Receivers listen on 443 or on ports of their own; those of other services of the internet (SSH, mail) are none, unless the installation has networks of its own. */
  private checkPort({ port }: URL): void {
    if (this.schemes.includes('http') || port === '' || Number(port) >= FIRST_FREE_PORT) return;
    throw bad(
      `Webhook URL must not name the port ${port}, which belongs to another service; 443 and those from ${FIRST_FREE_PORT} on may be named.`,
    );
  }
}

/** The host of a URL as `connect` wants it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Addresses that a URL names without a resolver. URL has already turned decimal, octal and short forms into four numbers. */
function literalAddresses(url: URL): string[] {
  const host = hostOf(url);
  if (isIP(host)) return [host];
  return /^(.+\.)?localhost\.?$/i.test(host) ? ['127.0.0.1', '::1'] : [];
}
