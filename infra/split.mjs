// Starts every app as a process of its own on one machine: `npm run split`. Needs DATABASE_URL (the application's role) and
// MIGRATION_DATABASE_URL (the owner of the tables); takes REDIS_URL, S3_* and TAILRACE_* as the apps do. Ctrl-C ends them all.
// `--migrate` only brings the schema up to date.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const APPS = [
  'api',
  'inference',
  'dataset-registry',
  'experiment-tracking',
  'training-runner',
  'model-registry',
  'deployment',
  'automation',
];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { DATABASE_URL, MIGRATION_DATABASE_URL, TAILRACE_PORT = '7070', TAILRACE_HOME = '.tailrace-split' } = process.env;

const missing = Object.entries({ DATABASE_URL, MIGRATION_DATABASE_URL }).flatMap(([name, value]) => (value ? [] : [name]));
if (missing.length) {
  process.stderr.write(`Set ${missing.join(' and ')}, such as postgres://tailrace_app:secret@127.0.0.1:5432/tailrace\n`);
  process.exit(2);
}

await import('reflect-metadata');
const { migrateAll } = await import(join(root, 'dist', 'libs', 'host', 'src', 'index.js'));
const app = new URL(DATABASE_URL);
const applied = await migrateAll(
  MIGRATION_DATABASE_URL,
  decodeURIComponent(app.username),
  decodeURIComponent(app.password) || undefined,
);
process.stderr.write(applied.length ? `migrated: ${applied.join(', ')}\n` : 'the schema is up to date\n');
if (process.argv.includes('--migrate')) process.exit(0);

const portOf = (name) => Number(TAILRACE_PORT) + APPS.indexOf(name);
const urlOf = (name) => `http://127.0.0.1:${portOf(name)}`;
const shared = {
  TAILRACE_HOME: resolve(TAILRACE_HOME),
  TAILRACE_API_URL: urlOf('api'),
  TAILRACE_INFERENCE_URL: urlOf('inference'),
};

const children = new Map();
let ending = false;
let code = 0;

function end(reason, exitCode = 0) {
  if (ending) return;
  ending = true;
  code = exitCode;
  process.stderr.write(`${reason}; stopping …\n`);
  for (const child of children.values()) child.kill('SIGTERM');
}

for (const name of APPS) {
  const env = { ...process.env, ...shared, TAILRACE_PORT: String(portOf(name)) };
  // Inference nodes know the API alone.
  if (name === 'inference')
    for (const secret of ['DATABASE_URL', 'REDIS_URL', 'S3_ACCESS_KEY', 'S3_SECRET_KEY']) delete env[secret];
  delete env.MIGRATION_DATABASE_URL;
  // A group of its own, so that Ctrl-C reaches this process alone, which then ends them in order.
  const child = spawn(process.execPath, [join(root, 'dist', 'apps', name, 'src', 'main.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  children.set(name, child);
  child.once('exit', (exitCode, signal) => {
    children.delete(name);
    end(`${name} ended with ${signal ?? exitCode}`, 1);
    if (children.size === 0) process.exit(code);
  });
}
process.on('SIGINT', () => end('interrupted')).on('SIGTERM', () => end('told to stop'));

const ready = (name) =>
  fetch(`${urlOf(name)}${name === 'inference' ? '/v2/health/live' : '/readyz'}`).then(
    (answer) => answer.ok,
    () => false,
  );
for (const name of APPS) while (!ending && !(await ready(name))) await new Promise((again) => setTimeout(again, 200));
if (!ending)
  process.stderr.write(
    `Tailrace is ready at ${urlOf('api')} as ${APPS.length} processes; the sign-in token is in ${join(shared.TAILRACE_HOME, 'token')}\n`,
  );
