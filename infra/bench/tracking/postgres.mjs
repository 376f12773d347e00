// One PostgreSQL for all contestants, with PostgreSQL's own default settings, fsync, full_page_writes and synchronous_commit on.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './processes.mjs';

const DEBIAN = '/usr/lib/postgresql/15/bin';
/** What the platform's embedded server is usually given less or more of, put back to PostgreSQL's defaults. */
const DEFAULTS = {
  max_connections: '100',
  shared_buffers: '128MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '1GB',
  max_parallel_workers_per_gather: '2',
};

export async function startPostgres(root, home, debian) {
  const server = debian ? await startDebian(join(home, 'pg15')) : await startNpm(root, join(home, 'pg'));
  const admin = new pg.Client({ connectionString: server.superuserUrl });
  await admin.connect();
  const { rows } = await admin.query("select current_setting('server_version') as version");
  await admin.end();
  return { ...server, version: rows[0].version };
}

async function startNpm(root, dir) {
  const { startEmbedded } = await import(join(root, 'dist/libs/database/src/index.js'));
  return startEmbedded({ dir, settings: DEFAULTS });
}

/** Debian's, as the user postgres when we are root, for it refuses to run as root. */
async function startDebian(dir) {
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  const as = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  const [data, password, log] = [join(dir, 'data'), join(dir, 'password'), openSync(`${dir}.log`, 'w')];
  mkdirSync(dir, { recursive: true });
  writeFileSync(password, 'bench\n');
  if (as.uid) {
    for (const path of [dir, password]) chownSync(path, as.uid, as.gid);
    chmodSync(dirname(dir), 0o711);
  }
  const options = { ...as, cwd: dir, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }, stdio: ['ignore', log, log] };
  const words = [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ];
  if (spawnSync(join(DEBIAN, 'initdb'), words, options).status !== 0)
    throw new Error(`initdb failed:\n${readFileSync(`${dir}.log`, 'utf8')}`);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'timezone=UTC'];
  const child = spawn(join(DEBIAN, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], options);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const superuserUrl = `postgresql://postgres:bench@127.0.0.1:${port}/postgres`;
  await answers(superuserUrl);
  return { pid: child.pid, port, superuserUrl, stop: () => child.kill('SIGINT') && ended };
}

async function answers(connectionString) {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString });
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
}

/** A fresh database; its URL as the superuser, and as the role `app` where there is to be one. */
export async function createDatabase(superuserUrl, name, app) {
  const admin = new pg.Client({ connectionString: superuserUrl });
  await admin.connect();
  try {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.query(`create database ${name}`);
    if (app) {
      const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [app]);
      await admin.query(`${rowCount ? 'alter' : 'create'} role ${app} login password 'bench'`);
    }
  } finally {
    await admin.end();
  }
  const url = new URL(superuserUrl);
  url.pathname = `/${name}`;
  const appUrl = new URL(url);
  if (app) [appUrl.username, appUrl.password] = [app, 'bench'];
  const run = async (connectionString, sql) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  const drop = () => run(superuserUrl, `drop database if exists ${name} with (force)`);
  const analyze = () => run(url.toString(), 'analyze');
  return { url: url.toString(), appUrl: appUrl.toString(), drop, analyze };
}
