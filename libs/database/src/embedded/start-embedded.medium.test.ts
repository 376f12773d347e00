import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pidFilePath } from './pid-file.js';
import { processIdentity, signal } from './processes.js';
import type { EmbeddedPostgres } from './start-embedded.js';
import { ChildStart } from './testing/child-start.js';
import { ask, Sandbox } from './testing/sandbox.js';

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

const gone = (pid: number) => vi.waitUntil(async () => (await processIdentity(pid)) === undefined, { timeout: 10_000 });

describe('a first start', () => {
  let dir: string;
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    dir = await sandbox.dir();
    server = await sandbox.start(dir, { settings: { max_connections: '40' } });
  });

  it('answers, as PostgreSQL 18 in UTF-8, to the superuser with a password', async () => {
    expect(server.adopted).toBe(false);
    expect(Number(await ask(server.superuserUrl, 'show server_version_num'))).toBeGreaterThanOrEqual(180_000);
    expect(await ask(server.superuserUrl, 'select current_user::text')).toBe('postgres');
    expect(await ask(server.superuserUrl, 'show server_encoding')).toBe('UTF8');
    expect(await ask(server.superuserUrl, `select upper('größe')`)).toBe('GRÖßE');
    expect(await ask(server.superuserUrl, 'select datlocale from pg_database where datname = current_database()')).toBe(
      'C.UTF-8',
    );
    await expect(ask(server.superuserUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it.each([
    ['fsync', 'on'],
    ['full_page_writes', 'on'],
    ['synchronous_commit', 'on'],
    ['data_checksums', 'on'],
    ['listen_addresses', '127.0.0.1'],
    ['unix_socket_directories', ''],
    ['password_encryption', 'scram-sha-256'],
    ['max_connections', '40'],
    ['shared_buffers', '64MB'],
    ['TimeZone', 'UTC'],
  ])('runs with %s = %j', async (name, value) => {
    expect(await ask(server.superuserUrl, `show ${name}`)).toBe(value);
  });

  it('keeps its secrets to itself and leaves nothing unfinished', async () => {
    const home = join(dir, 'postgres');
    for (const name of ['superuser', 'postgres.log', 'server.json']) expect((await stat(join(home, name))).mode & 0o077).toBe(0);
    expect((await readFile(join(home, 'superuser'), 'utf8')).trim()).toMatch(/^[\w-]{43}$/);
    expect((await readdir(home)).sort()).toEqual(['data', 'postgres.log', 'server.json', 'superuser']);
  });

  it('has a process group of its own, out of the reach of Ctrl-C', () => {
    expect(process.kill(-server.pid, 0)).toBe(true);
  });

  it('does not keep its process alive once it is stopped', async () => {
    const other = new ChildStart(join(await sandbox.dir(), 'postgres'), { args: ['stop'] });
    const { pid } = await other.started();
    expect(await other.exited()).toBe(0);
    expect(await processIdentity(pid)).toBeUndefined();
  });

  it('stops for good, however often it is asked, and a second start finds the data', async () => {
    await ask(server.superuserUrl, 'create table kept (n int)', 'insert into kept values (7)');
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(await processIdentity(server.pid)).toBeUndefined();
    await expect(ask(server.superuserUrl, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const again = await sandbox.start(dir);
    expect(again.adopted).toBe(false);
    expect(await ask(again.superuserUrl, 'select n from kept')).toBe(7);
  });
});

describe('after a crash', () => {
  it('adopts the server that outlived its parent, and stops it', async () => {
    const dir = await sandbox.dir();
    const parent = new ChildStart(join(dir, 'postgres'));
    const first = await parent.started();
    expect(first.adopted).toBe(false);
    await ask(first.superuserUrl, 'create table kept (n int)', 'insert into kept values (1)');
    await parent.kill();

    const second = await sandbox.start(dir);
    expect(second).toMatchObject({ adopted: true, pid: first.pid, port: first.port, superuserUrl: first.superuserUrl });
    expect(await ask(second.superuserUrl, 'select n from kept')).toBe(1);
    await second.stop();
    expect(await processIdentity(first.pid)).toBeUndefined();
  });

  it('adopts also without a record of it, by its command line', async () => {
    const dir = await sandbox.dir();
    const first = await sandbox.start(dir);
    await writeFile(join(dir, 'postgres', 'server.json'), 'not json');
    expect(await sandbox.start(dir)).toMatchObject({ adopted: true, pid: first.pid });
  });

  it('recovers what was committed when the server itself was killed, and tells of its end', async () => {
    const dir = await sandbox.dir();
    const onExit = vi.fn();
    const first = await sandbox.start(dir, { onExit });
    const adopter = { onExit: vi.fn() };
    await sandbox.start(dir, adopter);
    await ask(first.superuserUrl, 'create table kept (n int)', 'insert into kept select generate_series(1, 1000)');
    signal(first.pid, 'SIGKILL');
    await gone(first.pid);
    const second = await sandbox.start(dir);
    expect(second.adopted).toBe(false);
    expect(await ask(second.superuserUrl, 'select count(*)::int from kept')).toBe(1000);
    await vi.waitFor(() => expect(onExit.mock.calls).toEqual([[undefined]]), 3000);
    await vi.waitFor(() => expect(adopter.onExit.mock.calls).toEqual([[undefined]]), 3000);
    expect(await readFile(join(dir, 'postgres', 'postgres.log'), 'utf8')).toContain('automatic recovery in progress');
  });

  it('begins again when initdb was killed in the middle', async () => {
    const dir = await sandbox.dir();
    const parent = new ChildStart(join(dir, 'postgres'));
    const unfinished = async () =>
      (await readdir(join(dir, 'postgres')).catch(() => [])).find((name) => name.startsWith('data.new'));
    await vi.waitUntil(unfinished, { timeout: 20_000, interval: 5 });
    await delay(150);
    await parent.kill();
    expect(await readdir(join(dir, 'postgres'))).not.toContain('data');
    const server = await sandbox.start(dir);
    expect(await ask(server.superuserUrl, 'select 1')).toBe(1);
    await server.stop();
    await sandbox.start(dir);
    expect(await unfinished()).toBeUndefined();
  });
});

describe('starts at the same time', () => {
  it('in one process: one starts the server, the other adopts it', async () => {
    const dir = await sandbox.dir();
    const both = await Promise.all([sandbox.start(dir), sandbox.start(dir)]);
    expect(both.map((server) => server.adopted).sort()).toEqual([false, true]);
    expect(both[0].pid).toBe(both[1].pid);
  });

  it('in two processes too', async () => {
    const dir = await sandbox.dir();
    const other = new ChildStart(join(dir, 'postgres'));
    const [mine, theirs] = await Promise.all([sandbox.start(dir), other.started()]);
    expect([mine.adopted, theirs.adopted].sort()).toEqual([false, true]);
    expect(mine.pid).toBe(theirs.pid);
    await other.kill();
  });
});

describe('a postmaster.pid that is none', () => {
  it.each([
    ['garbage', () => 'garbage\n\0\xff'],
    ['an empty file', () => ''],
    ['the pid of another process', (data: string) => `${process.pid}\n${data}\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`],
    ['a pid of nobody', (data: string) => `999999999\n${data}\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`],
  ])('is removed: %s', async (_, content) => {
    const dir = await sandbox.dir();
    await (await sandbox.start(dir)).stop();
    const data = join(dir, 'postgres', 'data');
    await writeFile(pidFilePath(data), content(data));
    const lines: string[] = [];
    const server = await sandbox.start(dir, { log: (line) => lines.push(line) });
    expect(server.adopted).toBe(false);
    expect(await ask(server.superuserUrl, 'select 1')).toBe(1);
    expect(lines.join('\n')).toContain(`removing ${pidFilePath(data)}`);
    await server.stop();
  });
});

describe('a start that fails tells why', () => {
  it('when a file lies where the folder should be', async () => {
    const dir = await sandbox.dir();
    await writeFile(join(dir, 'postgres'), '');
    await expect(sandbox.start(dir)).rejects.toThrow(/postgres cannot hold a PostgreSQL: EEXIST/);
  });

  it('when the folder takes no files', async () => {
    await expect(sandbox.start('/proc/self/task')).rejects.toThrow(/cannot hold a PostgreSQL: /);
  });

  it('when the server refuses a setting: with its own words', async () => {
    const start = sandbox.start(await sandbox.dir(), { settings: { shared_buffers: 'plenty' } });
    await expect(start).rejects.toThrow(
      /did not start \(exit code 1\).*\n.*invalid value for parameter "shared_buffers": "plenty"/s,
    );
  });

  it('when the data are of another version', async () => {
    const dir = await sandbox.dir();
    await (await sandbox.start(dir)).stop();
    await writeFile(join(dir, 'postgres', 'data', 'PG_VERSION'), '14\n');
    await expect(sandbox.start(dir)).rejects.toThrow('initialized by PostgreSQL version 14');
  });

  it('when the password is lost or wrong, and then leaves no server behind', async () => {
    const dir = await sandbox.dir();
    await (await sandbox.start(dir)).stop();
    await writeFile(join(dir, 'postgres', 'superuser'), '');
    await expect(sandbox.start(dir)).rejects.toThrow(/superuser holds no password/);
    await writeFile(join(dir, 'postgres', 'superuser'), 'guess\n');
    await expect(sandbox.start(dir)).rejects.toThrow('password authentication failed');
    await vi.waitUntil(async () => !(await readdir(join(dir, 'postgres', 'data'))).includes('postmaster.pid'), {
      timeout: 10_000,
    });
  });

  it.each(['fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'port'])(
    'when %s is to be changed',
    async (name) => {
      const start = sandbox.start(await sandbox.dir(), { settings: { [name]: 'off' } });
      await expect(start).rejects.toThrow(`does not let anyone change ${name}`);
    },
  );
});
