import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readRecord, writeRecord } from './pid-file.js';
import { freePort } from './port.js';
import { processIdentity, signal } from './processes.js';
import { commandAs } from './run-as.js';
import type { Runtime } from './runtime.js';
import { untilReady, type RunningServer } from './server.js';
import { openServerLog, type ServerLog } from './server-log.js';
import { settingArgs } from './settings.js';

/** The port was taken after we had looked, or children of a killed server are about to end: worth another try. */
const TAKEN = /Address already in use/;
const PASSING = /Address already in use|pre-existing shared memory block/;
const TRIES = 20;

export interface LaunchedServer extends RunningServer {
  readonly child: ChildProcess;
}

/** Starts postgres on a free port of 127.0.0.1 and waits until it serves. Rejects with the last lines of its log. */
export async function launchServer(
  runtime: Runtime,
  password: string,
  settings?: Record<string, string>,
): Promise<LaunchedServer> {
  let preferred = (await readRecord(runtime.layout.record))?.port;
  for (let tries = 1; ; tries++) {
    const args = ['-D', runtime.layout.data, ...settingArgs(await freePort(preferred), settings)];
    const log = await openServerLog(runtime.layout.log);
    try {
      const started = await launchOnce(runtime, args, password, log);
      if ('pid' in started) return started;
      const tail = await log.tail();
      if (tries === TRIES || !PASSING.test(tail))
        throw new Error(`PostgreSQL did not start (${started.reason}); it said:\n${tail}`);
      // Whoever is connected finds it again where it was, if that can be had.
      if (TAKEN.test(tail)) preferred = undefined;
    } finally {
      await log.close();
    }
    await delay(250);
  }
}

async function launchOnce(
  runtime: Runtime,
  words: string[],
  password: string,
  log: ServerLog,
): Promise<LaunchedServer | { readonly reason: string }> {
  const { file, args, options } = commandAs(runtime.runAs, join(runtime.native, 'bin', 'postgres'), words);
  // A session of its own: a Ctrl-C in the terminal is for us, who then stop the server in order.
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`PostgreSQL could not be run: ${error.message}`)));
  });
  const identity = await processIdentity(child.pid!);
  const port = Number(/^port=(\d+)$/.exec(words.at(-1)!)![1]);
  if (identity !== undefined) await writeRecord(runtime.layout.record, { pid: child.pid!, identity, port });
  try {
    const server = await untilReady(child.pid!, runtime.layout.data, password);
    return server ? { ...server, child } : { reason: `exit code ${child.exitCode ?? child.signalCode}` };
  } catch (error) {
    signal(child.pid!, 'SIGQUIT');
    throw error;
  }
}
