// Who is measured, and how each is started on a database of its own.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startServer } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const venv = join(here, '..', '..', '..', '.bench-venv');
const python = join(venv, 'bin', 'python');

export const CONTESTANTS = {
  tailrace: { title: 'Tailrace', start: startTailrace, role: 'tailrace_app' },
  mlflow1: { title: 'MLflow 3.17.2, 1 worker, no runners of jobs', start: (place) => startMlflow(place, 1), python: true },
  mlflow2: { title: 'MLflow 3.17.2, 2 workers, no runners of jobs', start: (place) => startMlflow(place, 2), python: true },
  // As they come, which is how they are weighed; while they are measured, their runners of jobs would only add to their CPU.
  mlflow1whole: weighed('MLflow 3.17.2, 1 worker', 1),
  mlflow2whole: weighed('MLflow 3.17.2, 2 workers', 2),
  mlflow: weighed('MLflow 3.17.2, default command'),
  fasttrackml: { title: 'fasttrackml 0.6.0', start: startFasttrackml, python: true },
};

function weighed(title, workers) {
  return { title, start: (place) => startMlflow(place, workers, true), python: true, startOnly: true };
}

/** Nothing of what is set, or signed in to, for other work on this machine. */
function quiet(home) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(MLFLOW|FML|TAILRACE|PG|DATABASE|MIGRATION|REDIS|S3)_?/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    NO_PROXY: '127.0.0.1,localhost',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

async function startTailrace({ root, home, database, log, profiles }) {
  const port = await freePort();
  const env = {
    ...quiet(home),
    TAILRACE_LOG_LEVEL: 'silent',
    DATABASE_URL: database.appUrl,
    MIGRATION_DATABASE_URL: database.url,
  };
  const state = join(home, 'state');
  const main = join(root, 'dist', 'apps', 'platform', 'src', 'main.js');
  const profile = profiles ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [];
  const args = [...profile, main, '--home', state, '--port', `${port}`];
  const server = await startServer({ command: process.execPath, args, env, cwd: root, log, port });
  return { ...server, token: await tokenOf(join(state, 'token')) };
}

/** The first token is written just after the first answer. */
async function tokenOf(path) {
  for (let tries = 0; tries < 100; tries++) {
    if (existsSync(path)) {
      const token = readFileSync(path, 'utf8').trim();
      if (token) return token;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there is no token in ${path}`);
}

/** With so many workers, four when none are named, and with or without its runners of jobs. */
async function startMlflow({ home, database, log }, workers, jobs = false) {
  const port = await freePort();
  // psycopg2 by name: SQLAlchemy would take psycopg 3, which MLflow does not bring
  const uri = database.url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:');
  const args = ['-m', 'mlflow', 'server', '--backend-store-uri', uri, '--serve-artifacts'];
  args.push('--artifacts-destination', join(home, 'artifacts'), '--host', '127.0.0.1', '--port', `${port}`);
  if (workers) args.push('--workers', `${workers}`);
  const env = { ...quiet(home), ...(jobs ? {} : { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' }) };
  return startServer({ command: python, args, env, cwd: home, log, port });
}

async function startFasttrackml({ home, database, log }) {
  const port = await freePort();
  const args = [
    'server',
    '--listen-address',
    `127.0.0.1:${port}`,
    '--database-uri',
    database.url,
    '--default-artifact-root',
    join(home, 'artifacts'),
  ];
  args.push('--log-level', 'error');
  return startServer({ command: join(venv, 'bin', 'fml'), args, env: quiet(home), cwd: home, log, port });
}

/** Installs the pins once; notes of their hashes beside the interpreter say that they are there. */
export function installPeers() {
  if (!existsSync(python)) {
    const base = process.env.PYTHON ?? 'python3';
    run(base, ['-m', 'venv', venv]);
    mkdirSync(venv, { recursive: true });
    writeFileSync(join(venv, '.gitignore'), '*\n');
  }
  install('requirements.txt', []);
  install('requirements-fasttrackml.txt', ['--no-deps']);
}

function install(name, more) {
  const file = join(here, name);
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  const note = join(venv, `.${name}.sha256`);
  if (existsSync(note) && readFileSync(note, 'utf8') === hash) return;
  console.error(`installing ${name} into .bench-venv (some minutes, once)`);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', ...more, '-r', file]);
  writeFileSync(note, hash);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args[1]} failed: ${error?.message ?? `exit code ${status}`}`);
}
