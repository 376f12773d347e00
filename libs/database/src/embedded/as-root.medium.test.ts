import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { userNamespacesWork, type RootMode } from './run-as.js';
import { ChildStart } from './testing/child-start.js';
import { ask, Sandbox } from './testing/sandbox.js';
import { reachable, unprivilegedUser } from './users.js';

const isRoot = process.getuid?.() === 0;
const user = await unprivilegedUser();
const namespaces = isRoot && user !== undefined && (await userNamespacesWork(user));

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

async function writeReadAndRestart(dir: string, rootMode: RootMode, sharedDir: string): Promise<void> {
  const first = await sandbox.start(dir, { rootMode, sharedDir });
  await ask(first.superuserUrl, 'create table kept (n int)', 'insert into kept values (3)');
  expect(await ask(first.superuserUrl, 'show fsync')).toBe('on');
  const adopted = await sandbox.start(dir, { sharedDir });
  expect(adopted).toMatchObject({ adopted: true, pid: first.pid });
  await adopted.stop();
  const second = await sandbox.start(dir, { sharedDir }); // auto: the data decide.
  expect(await ask(second.superuserUrl, 'select n from kept')).toBe(3);
}

async function effectiveUid(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)![1]);
}

describe.skipIf(!namespaces)(
  `root, in a user namespace${namespaces ? '' : ' (skipped: not root, or no user namespaces here)'}`,
  () => {
    it('keeps the data in place, below a folder that only root may enter, and owned by root', async () => {
      const dir = await sandbox.dir();
      await writeReadAndRestart(dir, 'userns', await sandbox.dir(tmpdir()));
      expect((await stat(join(dir, 'postgres', 'data'))).uid).toBe(0);
      expect(await readdir(join(dir, 'postgres'))).not.toContain('LOCATION');
    });

    it('is what auto chooses, and refuses to turn existing data over to another user', async () => {
      const dir = await sandbox.dir();
      await (await sandbox.start(dir)).stop();
      expect((await stat(join(dir, 'postgres', 'data'))).uid).toBe(0);
      await expect(sandbox.start(dir, { rootMode: 'user' })).rejects.toThrow('belong to uid 0, so they need rootMode userns');
    });
  },
);

describe.skipIf(!isRoot)(`root, as another user${isRoot ? '' : ' (skipped: not root)'}`, () => {
  it('puts the data where that user can reach them, and says where', async () => {
    const [dir, shared] = [await sandbox.dir(), await sandbox.dir(tmpdir())];
    await chmod(shared, 0o1777);
    await writeReadAndRestart(dir, 'user', shared);
    const location = (await readFile(join(dir, 'postgres', 'LOCATION'), 'utf8')).trim();
    expect(location).toMatch(new RegExp(`^${shared}/tailrace-[0-9a-f]{16}$`));
    expect(await stat(location)).toMatchObject({ uid: user!.uid, mode: 0o40700 });
    expect((await stat(join(location, 'data'))).uid).toBe(user!.uid);
    expect((await readdir(join(dir, 'postgres'))).sort()).toEqual(['LOCATION', 'postgres.log', 'server.json', 'superuser']);
  });

  it('keeps the data in place where that user can reach them', async () => {
    const dir = await sandbox.dir(tmpdir());
    await chmod(dir, 0o755);
    const server = await sandbox.start(dir, { rootMode: 'user' });
    expect(await effectiveUid(server.pid)).toBe(user!.uid);
    expect((await stat(join(dir, 'postgres', 'data'))).uid).toBe(user!.uid);
    expect((await readdir(join(dir, 'postgres'))).sort()).toEqual(['data', 'postgres.log', 'server.json', 'superuser']);
  });

  it('does not take a link or a folder of somebody else for its own', async () => {
    const [dir, shared] = [await sandbox.dir(), await sandbox.dir(tmpdir())];
    await chmod(shared, 0o755);
    const base = join(shared, `tailrace-${createHash('sha256').update(join(dir, 'postgres')).digest('hex').slice(0, 16)}`);
    const start = () => sandbox.start(dir, { rootMode: 'user', sharedDir: shared });
    await symlink(await sandbox.dir(), base);
    await expect(start()).rejects.toThrow(`${base} is needed for PostgreSQL's data, but it is not a folder of uid ${user!.uid}`);
    await rm(base);
    await mkdir(base);
    await chown(base, 12345, 12345);
    await expect(start()).rejects.toThrow('remove it');
  });

  it('does not begin an empty database when the data that LOCATION names are gone', async () => {
    const [dir, shared] = [await sandbox.dir(), await sandbox.dir(tmpdir())];
    await chmod(shared, 0o755);
    await (await sandbox.start(dir, { rootMode: 'user', sharedDir: shared })).stop();
    const location = (await readFile(join(dir, 'postgres', 'LOCATION'), 'utf8')).trim();
    await rm(location, { recursive: true });
    await expect(sandbox.start(dir)).rejects.toThrow(`are gone from ${location}: bring them back`);
  });
});

const plain =
  isRoot && user !== undefined && (await reachable(process.execPath, user)) && (await reachable(import.meta.dirname, user));

describe.skipIf(!plain)(
  `a plain user${plain ? '' : ' (skipped: only root can try another user, who must reach Node and this folder)'}`,
  () => {
    it('starts the server as himself', async () => {
      const dir = await sandbox.dir(tmpdir());
      await chown(dir, user!.uid, user!.gid);
      const child = new ChildStart(join(dir, 'postgres'), { args: ['stop'], ids: { uid: user!.uid, gid: user!.gid } });
      expect(await child.started()).toMatchObject({ adopted: false });
      expect(await child.exited()).toBe(0);
      expect((await stat(join(dir, 'postgres', 'data'))).uid).toBe(user!.uid);
    });
  },
);
