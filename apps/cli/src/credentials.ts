import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What `login` stored: servers by URL, and the one that was signed in to last. */
export interface KnownServers {
  readonly current?: string;
  readonly servers: Readonly<Record<string, { readonly token: string }>>;
}

export function credentialsFile(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'tailrace', 'credentials.json');
}

export function knownServers(env: NodeJS.ProcessEnv): KnownServers {
  try {
    const { current, servers } = JSON.parse(readFileSync(credentialsFile(env), 'utf8')) as Partial<KnownServers>;
    return { current, servers: servers ?? {} };
  } catch {
    return { servers: {} };
  }
}

/** Adds a server and makes it the current one; the file is there whole or as it was, for its owner only. Answers its path. */
export function storeCredentials(env: NodeJS.ProcessEnv, url: string, token: string): string {
  const file = credentialsFile(env);
  const servers = { ...knownServers(env).servers, [url]: { token } };
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify({ current: url, servers }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return file;
}
