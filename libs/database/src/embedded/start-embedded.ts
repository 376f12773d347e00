import type { ChildProcess } from 'node:child_process';
import { realpath, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage } from '#kernel';
import { adoptServer } from './adopt.js';
import { ensureCluster } from './cluster.js';
import { makeTree } from './files.js';
import { layoutOf } from './layout.js';
import { launchServer } from './launch.js';
import { goneWithin, processIdentity, signal } from './processes.js';
import type { RootMode } from './run-as.js';
import { markLocation, prepareRuntime } from './runtime.js';
import type { RunningServer } from './server.js';
import { settingArgs } from './settings.js';
import { withStartLock } from './start-lock.js';
import { superuserPassword, superuserUrl } from './superuser.js';

export interface EmbeddedOptions {
  /** Holds the data folder, the password of the superuser and the log; created if missing. */
  readonly dir: string;
  /** Told what a start does, line by line. The server's own words are in `dir/postgres.log`. */
  readonly log?: (line: string) => void;
  /** PostgreSQL settings by name; durability and the address are fixed. An adopted server keeps those that it was started with. */
  readonly settings?: Record<string, string>;
  /** Called once when the server ends without `stop`; `code` is undefined for a signal and for an adopted server. */
  readonly onExit?: (code: number | undefined) => void;
  /** Used by root only; default `auto`. Data that exist already need the mode that they were made with. */
  readonly rootMode?: RootMode;
  /** Used by root only: where data go that another user cannot reach in `dir`. Default /var/lib, else /var/tmp. */
  readonly sharedDir?: string;
}

export interface EmbeddedPostgres {
  /** On 127.0.0.1. */
  readonly port: number;
  /** URL of the database and user `postgres`, with the password. */
  readonly superuserUrl: string;
  /** True when the server was running already. */
  readonly adopted: boolean;
  /** Of the postmaster itself. */
  readonly pid: number;
  /** Ends the server, adopted or not, and resolves when it is gone; idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of `dir`, creating it on the first call, or adopts it where it still runs. Concurrent calls for one folder wait for each
 * other. Rejects with an Error that holds the reason and the last lines of initdb or the server.
 */
export async function startEmbedded(opts: EmbeddedOptions): Promise<EmbeddedPostgres> {
  settingArgs(0, opts.settings); // Refused before anything is touched.
  const log = opts.log ?? (() => {});
  const home = await openHome(opts.dir);
  return withStartLock(layoutOf(home).lock, async () => {
    const runtime = await prepareRuntime(home, opts);
    const password = await superuserPassword(runtime.layout.passwordFile, runtime.layout.data);
    await ensureCluster(runtime, password, log);
    await markLocation(runtime.layout);
    const adopted = await adoptServer(runtime, password, log);
    if (adopted) return handle(adopted, undefined, password, runtime.layout.record, opts);
    const launched = await launchServer(runtime, password, opts.settings);
    log(`PostgreSQL is ready (pid ${launched.pid}, port ${launched.port})`);
    return handle(launched, launched.child, password, runtime.layout.record, opts);
  });
}

async function openHome(dir: string): Promise<string> {
  try {
    await makeTree(resolve(dir));
    return await realpath(dir);
  } catch (error) {
    throw new Error(`${dir} cannot hold a PostgreSQL: ${errorMessage(error)}`, { cause: error });
  }
}

function handle(
  server: RunningServer,
  child: ChildProcess | undefined,
  password: string,
  record: string,
  { onExit }: EmbeddedOptions,
): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  let told = false;
  const unwatch = watch(server, child, (code) => {
    if (!stopped && !told) onExit?.(code);
    told = true;
  });
  return {
    port: server.port,
    pid: server.pid,
    superuserUrl: superuserUrl(server.port, password),
    adopted: child === undefined,
    stop: () => (stopped ??= end(server, record).finally(unwatch)),
  };
}

/** Calls `ended` once: by the child's own event, or for an adopted server by looking every half second. Keeps no event loop alive. */
function watch(server: RunningServer, child: ChildProcess | undefined, ended: (code: number | undefined) => void): () => void {
  if (child) {
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode ?? undefined);
    else child.once('exit', (code) => ended(code ?? undefined));
    return () => {};
  }
  const timer = setInterval(async () => {
    if ((await processIdentity(server.pid)) === server.identity) return;
    clearInterval(timer);
    ended(undefined);
  }, 500).unref();
  return () => clearInterval(timer);
}

/** Fast shutdown; after 10 s immediate shutdown, from which the next start recovers; SIGKILL only when even that is not heard. */
async function end({ pid, identity }: RunningServer, record: string): Promise<void> {
  for (const [name, ms] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 8_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if ((await processIdentity(pid)) === identity) signal(pid, name);
    if (!(await goneWithin(pid, identity, ms))) continue;
    await rm(record, { force: true });
    return;
  }
  throw new Error(`PostgreSQL (pid ${pid}) cannot be stopped; the kernel holds it`);
}
