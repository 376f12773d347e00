import { createHash } from 'node:crypto';
import { access, chmod, chown, constants, lstat, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyNative, findNative, runnableNative } from './binaries.js';
import { readIfThere, writeWhole } from './files.js';
import { layoutOf, type Layout } from './layout.js';
import { planForRoot } from './root-plan.js';
import type { RootMode, RunAs } from './run-as.js';
import { reachable, type Ids } from './users.js';

/** All that a start needs to know: where things lie, which binaries run, and as whom. */
export interface Runtime {
  readonly layout: Layout;
  readonly native: string;
  readonly runAs: RunAs;
}

export interface RuntimeOptions {
  readonly rootMode?: RootMode;
  /** Where data and binaries go that another user must reach but cannot in `home`. Default /var/lib, else /var/tmp. */
  readonly sharedDir?: string;
}

/** Decides as whom the server of `home` (an existing real path) runs, and puts data folder and binaries where that user reaches them. */
export async function prepareRuntime(home: string, options: RuntimeOptions): Promise<Runtime> {
  const located = (await readIfThere(layoutOf(home).location))?.trim();
  if (process.getuid?.() !== 0) {
    if (located) throw new Error(`the data of ${home} lie in ${located} and belong to another user: start as root, as before`);
    return { layout: layoutOf(home), native: await runnableNative(findNative(), home), runAs: { mode: 'plain' } };
  }
  if (located && !(await exists(layoutOf(home, located).data)))
    throw new Error(
      `the data of ${home} are gone from ${located}: bring them back, or remove ${layoutOf(home).location} to begin anew`,
    );
  const runAs = await planForRoot(home, located ?? home, options.rootMode ?? 'auto');
  const native = await runnableNative(findNative(), home);
  if (runAs.mode !== 'user') return { layout: layoutOf(home), native: await within(native, home, { uid: 0, gid: 0 }), runAs };
  const base = located ?? (await baseFor(home, runAs.ids, options.sharedDir ?? (await defaultSharedDir())));
  return { layout: layoutOf(home, base), native: await within(native, base, runAs.ids), runAs };
}

async function within(native: string, base: string, ids: Ids): Promise<string> {
  return (await reachable(join(native, 'bin', 'postgres'), ids)) ? native : copyNative(native, base, ids);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** /var/tmp only where the rest is read-only: some systems remove from it what was not touched for a month. */
async function defaultSharedDir(): Promise<string> {
  const writable = await access('/var/lib', constants.W_OK).then(
    () => true,
    () => false,
  );
  return writable ? '/var/lib' : '/var/tmp';
}

/** Writes down where the data are when they are not in `home`; only now that they exist, so that LOCATION never names an empty folder. */
export async function markLocation({ home, base, location }: Layout): Promise<void> {
  if (base !== home) await writeWhole(location, `${base}\n`);
}

/** `home` itself when the user can get to it, else a folder of his own in `sharedDir`, named after `home`. */
async function baseFor(home: string, ids: Ids, sharedDir: string): Promise<string> {
  if (await reachable(dirname(home), ids)) {
    await chmod(home, (await stat(home)).mode | 0o011); // To pass through; what lies in it keeps its own modes.
    return home;
  }
  const base = join(sharedDir, `tailrace-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  await ownFolder(base, ids);
  return base;
}

/** Anyone may create names in a folder like /var/tmp, hence the checks: a link or a folder of somebody else is refused. */
async function ownFolder(path: string, ids: Ids): Promise<void> {
  const made = await mkdir(path, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
  const found = await lstat(path);
  if (!found.isDirectory() || (!made && found.uid !== ids.uid && found.uid !== 0))
    throw new Error(`${path} is needed for PostgreSQL's data, but it is not a folder of uid ${ids.uid}: remove it`);
  await chown(path, ids.uid, ids.gid);
  await chmod(path, 0o700);
}
