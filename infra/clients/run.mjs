// npm run test:clients [-- --against mlflow] [-k EXPR] [--lightning]: unmodified MLflow clients from PyPI against a platform of their own.
// With --against mlflow the same suite runs against a real `mlflow server`, which proves that the scripts themselves are right.
import { Client } from 'minio';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    against: { type: 'string', default: 'tailrace' },
    k: { type: 'string', short: 'k' },
    lightning: { type: 'boolean' },
  },
});
if (!['tailrace', 'mlflow'].includes(options.against)) throw new Error('--against is tailrace or mlflow');

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const venv = join(root, '.clients-venv');
const python = join(venv, 'bin', 'python');
const home = mkdtempSync(join(tmpdir(), 'tailrace-clients-'));
/** What was started and must end; each leads a process group of its own. */
const children = new Set();

/** For MLflow's processes: nothing of what is set, or signed in to, for other work on this machine. */
const quiet = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MLFLOW_'))),
  HOME: home,
  NO_PROXY: '127.0.0.1,localhost',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  DO_NOT_TRACK: 'true',
  PYTHONDONTWRITEBYTECODE: '1',
};

function start(command, args, env, stdio, cwd = home) {
  const child = spawn(command, args, { cwd, env, stdio, detached: true });
  children.add(child);
  child.ended = new Promise((resolve) =>
    child.once('error', () => resolve(1)).once('exit', (code) => (children.delete(child), resolve(code ?? 1))),
  );
  return child;
}

async function stop(child) {
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // nothing is left of the group
    }
  };
  child.kill('SIGTERM');
  await Promise.race([child.ended, sleep(25_000, undefined, { ref: false })]);
  signal('SIGKILL');
}

async function cleanUp() {
  await Promise.all([...children].map(stop));
  rmSync(home, { recursive: true, force: true });
}

/** Installs a file of pins once; the note of its hash beside the interpreter says that it is there. */
function install(name) {
  const file = join(here, name);
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  const note = join(venv, `.${name}.sha256`);
  if (existsSync(note) && readFileSync(note, 'utf8') === hash) return;
  if (name === 'requirements.txt') {
    const base = process.env.PYTHON ?? 'python3';
    const { stdout } = spawnSync(base, ['-c', 'import sys; print(sys.version_info >= (3, 11))'], { encoding: 'utf8' });
    if (stdout?.trim() !== 'True') throw new Error(`${base} is not Python 3.11 or newer; name one with PYTHON=…`);
    rmSync(venv, { recursive: true, force: true });
    run(base, ['-m', 'venv', venv]);
  }
  const begun = Date.now();
  console.log(`installing ${name} into .clients-venv (some minutes, once)`);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', file]);
  console.log(`installed in ${Math.round((Date.now() - begun) / 1000)} s`);
  writeFileSync(note, hash);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args[1]} failed: ${error?.message ?? `exit code ${status}`}`);
}

async function startPlatform(name = 'platform', extra = {}) {
  const env = { ...process.env, TAILRACE_LOG_LEVEL: 'silent', TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8', ...extra };
  const main = join(root, 'dist', 'apps', 'platform', 'src', 'main.js');
  const child = start(process.execPath, [main, '--home', join(home, name), '--port', '0', '--json'], env, [
    'ignore',
    'pipe',
    'inherit',
  ]);
  const line = await Promise.race([
    new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    child.ended.then((code) => Promise.reject(new Error(`the platform ended with ${code}`))),
  ]);
  return JSON.parse(line);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startMlflow() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(home, 'mlflow.log');
  const env = {
    ...quiet,
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
    MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
    MLFLOW_WEBHOOK_CACHE_TTL: '1',
  };
  const args = ['-m', 'mlflow', 'server', '--backend-store-uri', `sqlite:///${join(home, 'mlflow.db')}`];
  args.push('--artifacts-destination', join(home, 'artifacts'), '--workers', '1', '--host', '127.0.0.1', '--port', `${port}`);
  const out = openSync(log, 'w');
  const child = start(python, args, env, ['ignore', out, out]);
  let over = false;
  void child.ended.then(() => (over = true));
  for (let tries = 0; tries < 600 && !over; tries++) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return { url, token: '' };
    await sleep(200);
  }
  throw new Error(`mlflow server did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
}

/** Runs the suite, or what is for blobs in S3, and counts. */
async function runPytest({ url, token }, onS3 = false) {
  const report = join(home, `report${onS3 ? '-s3' : ''}.xml`);
  const tests = join(root, 'test', 'clients', ...(onS3 ? ['test_s3.py'] : []));
  const args = ['-m', 'pytest', tests, '-p', 'no:cacheprovider', `--junitxml=${report}`];
  args.push(`--basetemp=${join(home, 'pytest')}`, ...(options.k && !onS3 ? ['-k', options.k] : []));
  const env = {
    ...quiet,
    MLFLOW_TRACKING_URI: url,
    ...(token ? { MLFLOW_TRACKING_TOKEN: token } : {}),
    TAILRACE_URL: url,
    TAILRACE_TOKEN: token,
    CLIENTS_AGAINST: options.against,
    ...(onS3 ? { CLIENTS_S3: '1' } : {}),
    ...(options.lightning ? { CLIENTS_LIGHTNING: '1' } : {}),
    KERAS_BACKEND: 'jax',
    MPLBACKEND: 'agg',
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: 'true',
    // an answer of 500 is a failure, not a reason to wait
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
  };
  await start(python, args, env, ['ignore', 'inherit', 'inherit'], root).ended;
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const suite = readFileSync(report, 'utf8').match(/<testsuite [^>]*>/)[0];
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)[1]);
  const failed = count('failures') + count('errors');
  return { passed: count('tests') - failed - count('skipped'), failed, skipped: count('skipped') };
}

/** The part of the suite that needs a real S3 server, on a platform that keeps its blobs there. */
async function runOnS3() {
  const { findWeed, startSeaweedFs } = await import('../../dist/libs/storage/src/testing/start-seaweedfs.js');
  const weed = findWeed(process.env);
  if (!weed) {
    console.log('SeaweedFS not found, so the tests with S3 are left out; run: bash infra/seaweedfs.sh');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const s3 = await startSeaweedFs(weed);
  try {
    const { hostname, port } = new URL(s3.endpoint);
    const keys = { accessKey: s3.accessKey, secretKey: s3.secretKey };
    await new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...keys }).makeBucket('clients');
    const place = { S3_ENDPOINT: s3.endpoint, S3_PUBLIC_ENDPOINT: s3.endpoint, S3_BUCKET: 'clients' };
    const platform = await startPlatform('platform-s3', { ...place, S3_ACCESS_KEY: s3.accessKey, S3_SECRET_KEY: s3.secretKey });
    console.log(`tailrace with blobs in S3 is ready at ${platform.url}`);
    return await runPytest(platform, true);
  } finally {
    await Promise.all([...children].map(stop));
    await s3.stop();
  }
}

for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => void cleanUp().then(() => process.exit(130)));

let result;
try {
  install('requirements.txt');
  if (options.lightning) install('requirements-lightning.txt');
  console.log(`starting ${options.against}`);
  const server = options.against === 'mlflow' ? await startMlflow() : await startPlatform();
  console.log(`${options.against} is ready at ${server.url}`);
  result = await runPytest(server);
  if (options.against === 'tailrace' && !options.k) {
    const more = await runOnS3();
    for (const name of Object.keys(result)) result[name] += more[name];
  }
} catch (error) {
  console.error(error.message);
  result = { passed: 0, failed: 1, skipped: 0 };
} finally {
  await cleanUp();
}
console.log(`Clients: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
process.exit(result.failed === 0 && result.passed > 0 ? 0 : 1);
