import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { knownServers } from './credentials.js';
import { EXIT, Failure } from './exit-codes.js';

/** The server that a command speaks to, and where that was found. */
export interface Session {
  readonly url: string;
  readonly token: string;
  readonly source: string;
}

export interface SessionFlags {
  readonly url?: string;
  readonly 'token-file'?: string;
}

interface Source {
  readonly url: string;
  readonly from: string;
}

/** Folder of the platform of this machine, as `up` would choose it. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  return resolve(env['TAILRACE_HOME'] || '.tailrace');
}

/**
 * Flags before the environment, before the platform that runs on this machine, before what `login` stored. A token that was found with a URL
 * is only ever sent to that URL. Throws Failure with exit code 7 when no server is known, 4 when there is no token for it.
 */
export function resolveSession(flags: SessionFlags, env: NodeJS.ProcessEnv): Session {
  const home = runningPlatform(homeOf(env));
  const stored = knownServers(env);
  const { url, from } = findUrl(flags, env, home?.url, stored.current);
  const named = namedToken(flags, env);
  const token = named ?? (home?.url === url ? home.token : undefined) ?? stored.servers[url]?.token;
  if (token) return { url, token, source: from };
  throw new Failure(
    `there is no token for ${url} (${from}): run \`tailrace login --url ${url}\`, or give --token-file`,
    EXIT.auth,
  );
}

function findUrl(flags: SessionFlags, env: NodeJS.ProcessEnv, home: string | undefined, stored: string | undefined): Source {
  if (flags.url) return { url: checkedUrl(flags.url, '--url'), from: '--url' };
  if (env['TAILRACE_URL']) return { url: checkedUrl(env['TAILRACE_URL'], 'TAILRACE_URL'), from: 'TAILRACE_URL' };
  if (home) return { url: home, from: `the platform of ${homeOf(env)}` };
  if (stored) return { url: stored, from: 'tailrace login' };
  const message = `no server is known: start one with \`npx tailrace up\`, name one with --url, or sign in with \`tailrace login\``;
  throw new Failure(`${message} (no platform runs in ${homeOf(env)})`, EXIT.unreachable);
}

/** Origin of an http(s) URL, as URLs are compared and stored here. Throws Failure. */
export function checkedUrl(text: string, name: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.username) return url.origin + url.pathname.replace(/\/+$/, '');
  throw new Failure(`${name} must be a URL like http://127.0.0.1:7070, not ${JSON.stringify(text)}`, EXIT.usage);
}

function namedToken(flags: SessionFlags, env: NodeJS.ProcessEnv): string | undefined {
  if (flags['token-file']) return tokenFrom(flags['token-file']);
  if (env['TAILRACE_TOKEN_FILE']) return tokenFrom(env['TAILRACE_TOKEN_FILE']);
  return env['TAILRACE_TOKEN']?.trim() || undefined;
}

/** The token that a file holds. Throws Failure. */
export function tokenFrom(file: string): string {
  const text = textOf(file)?.trim();
  if (text) return text;
  throw new Failure(`${file} ${text === undefined ? 'cannot be read' : 'is empty'}; it must hold the token`, EXIT.auth);
}

/** The platform that works in a home, if one does. Its pid may have come round again after a crash; then nobody answers, and that is said. */
export function runningPlatform(home: string): { url: string; token: string | undefined } | undefined {
  const text = textOf(join(home, 'platform.json'));
  if (!text) return undefined;
  try {
    const { pid, url } = JSON.parse(text) as { pid: number; url?: string };
    return url && isAlive(pid) ? { url, token: textOf(join(home, 'token'))?.trim() || undefined } : undefined;
  } catch {
    return undefined; // It is just being written.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
