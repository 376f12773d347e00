import { execFile, type SpawnOptions } from 'node:child_process';
import { promisify } from 'node:util';
import { SYSTEM_PATH } from './processes.js';
import type { Ids, User } from './users.js';

/** How root starts PostgreSQL, which refuses to run as root: in a user namespace, as another user, or whichever works (`auto`). */
export type RootMode = 'auto' | 'userns' | 'user';

/** `plain`: as ourselves. `userns`: as `ids` inside a namespace that maps them to root outside. `user`: as `ids`. */
export type RunAs = { readonly mode: 'plain' } | { readonly mode: 'userns' | 'user'; readonly ids: Ids };

export interface Command {
  readonly file: string;
  readonly args: string[];
  readonly options: SpawnOptions;
}

/** The words and options that run `file`. The environment is ours alone: a PGDATA or PGOPTIONS of the user must not reach the server. */
export function commandAs(runAs: RunAs, file: string, args: string[]): Command {
  const options: SpawnOptions = { cwd: '/', env: { PATH: SYSTEM_PATH, LC_ALL: 'C', TZ: 'UTC' } };
  if (runAs.mode === 'plain') return { file, args, options };
  const { uid, gid } = runAs.ids;
  if (runAs.mode === 'user') return { file, args, options: { ...options, uid, gid } };
  // unshare execs in place, without a fork: the pid that we spawn becomes the server's own.
  return { file: 'unshare', args: [...namespaceOf(runAs.ids), file, ...args], options };
}

function namespaceOf({ uid, gid }: Ids): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${gid}`];
}

let probed: Promise<boolean> | undefined;

/** Whether this kernel and container let us make a user namespace; asked once per process. */
export function userNamespacesWork(user: User): Promise<boolean> {
  const env = { PATH: SYSTEM_PATH };
  probed ??= promisify(execFile)('unshare', [...namespaceOf(user), 'true'], { env, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
  return probed;
}
