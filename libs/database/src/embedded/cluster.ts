import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createWhole, syncFolder } from './files.js';
import { commandAs } from './run-as.js';
import type { Runtime } from './runtime.js';
import { lastLines } from './server-log.js';

// The builtin provider sorts by code point and knows Unicode's cases, the same on every system and after every upgrade of its libraries.
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
const REST = ['--username=postgres', '--auth=scram-sha-256', '--no-instructions'];

/** Runs initdb unless there are data already. What an earlier try left unfinished is removed. Rejects with initdb's last lines. */
export async function ensureCluster(runtime: Runtime, password: string, log: (line: string) => void): Promise<void> {
  const { base, data } = runtime.layout;
  await removeUnfinished(base);
  const exists = await stat(data).then(
    () => true,
    () => false,
  );
  if (exists) return;
  log(`creating the database cluster in ${data}`);
  // A name of its own: an initdb whose parent was killed may still be writing into the last one.
  const unfinished = `${runtime.layout.dataNew}-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${unfinished}.password`;
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await createWhole(passwordFile, `${password}\n`);
    if (runtime.runAs.mode === 'user')
      for (const path of [unfinished, passwordFile]) await chown(path, runtime.runAs.ids.uid, runtime.runAs.ids.gid);
    await initdb(runtime, unfinished, passwordFile);
    await rename(unfinished, data);
    await syncFolder(base);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function removeUnfinished(base: string): Promise<void> {
  for (const name of await readdir(base))
    if (name.startsWith('data.new')) await rm(join(base, name), { recursive: true, force: true }).catch(() => {}); // Next time, then.
}

async function initdb(runtime: Runtime, dir: string, passwordFile: string): Promise<void> {
  const words = [`--pgdata=${dir}`, `--pwfile=${passwordFile}`, ...LOCALE, ...REST];
  const { file, args, options } = commandAs(runtime.runAs, join(runtime.native, 'bin', 'initdb'), words);
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`initdb could not be run: ${error.message}`)));
    child.once('close', (exit, killed) => resolve(exit ?? killed ?? 'unknown'));
  });
  if (code !== 0) throw new Error(`initdb failed (${code}) in ${dir}:\n${lastLines(output)}`);
}
