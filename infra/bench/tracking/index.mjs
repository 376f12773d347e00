// npm run bench:tracking [-- --runs 5000 --quick --only tailrace,mlflow1,mlflow2,mlflow1whole,mlflow2whole,mlflow,fasttrackml --scenarios REGEX --seconds 3 --root DIR --pg15 --json FILE]
// Also --cpu-prof DIR: profiles of Tailrace's processes for Node's and Chrome's tools; the figures of that run are not to be quoted.
// npm run bench:tracking -- --growth [--growth-to 200000]: Tailrace alone, on more and more runs.
// MLflow's REST API as Tailrace, MLflow and fasttrackml serve it: one after the other on one PostgreSQL, the same data, the same calls, plain HTTP.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, Report } from '../report.mjs';
import { CONTESTANTS, installPeers } from './contestants.mjs';
import { measure } from './client.mjs';
import { cpuOf, memoryOf } from './cpu.mjs';
import { measureGrowth } from './growth.mjs';
import { createDatabase, startPostgres } from './postgres.mjs';
import { stopAll } from './processes.mjs';
import { printContestant, printRatios, printStarts, unserved } from './ratios.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { Setup } from './setup.mjs';

const REST_MS = 8000;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(CONTESTANTS).join() },
    scenarios: { type: 'string', default: '' },
    seconds: { type: 'string' },
    root: { type: 'string', default: fileURLToPath(new URL('../../..', import.meta.url)) },
    pg15: { type: 'boolean', default: false },
    json: { type: 'string' },
    'cpu-prof': { type: 'string' },
    growth: { type: 'boolean', default: false },
    'growth-to': { type: 'string', default: '200000' },
  },
});
const size = options.quick
  ? { runs: 500, longPoints: 30_000, experiments: 200, seconds: 1 }
  : { runs: 5000, longPoints: 100_000, experiments: 1000, seconds: 3 };
if (options.runs) size.runs = Number(options.runs);
if (options.seconds) size.seconds = Number(options.seconds);
const root = resolve(options.root);
const wanted = new RegExp(options.scenarios, 'i');
const only = options.only.split(',');
for (const name of only) if (!CONTESTANTS[name]) throw new Error(`--only knows ${Object.keys(CONTESTANTS).join(', ')}`);

const home = mkdtempSync(join(tmpdir(), 'tailrace-bench-tracking-'));
const report = new Report();
let postgres;

async function cleanUp() {
  await stopAll();
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true });
}
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => void cleanUp().finally(() => process.exit(130)));

/** Starts a contestant for the first time and once more, and weighs it at rest. */
async function begin(name) {
  const { start, role } = CONTESTANTS[name];
  const database = await createDatabase(postgres.superuserUrl, `bench_${name}`, role);
  const place = { root, home: join(home, name), database, log: join(home, `${name}.log`), profiles: options['cpu-prof'] };
  mkdirSync(place.home, { recursive: true });
  const cold = await start(place);
  await cold.stop();
  const server = await start(place);
  const [startCpu] = cpuOf(server.pid);
  await new Promise((done) => setTimeout(done, REST_MS));
  const rest = memoryOf(server.pid);
  const starts = { firstMs: cold.ms, laterMs: server.ms, startCpuMs: startCpu, restMib: rest.mib, processes: rest.processes };
  return { server: { ...server, postgresPid: postgres.pid }, database, place, starts };
}

async function runScenario(setup, scenario, connections) {
  let made;
  try {
    made = await scenario.make(setup, connections);
  } catch (error) {
    return unserved(error);
  }
  if (made.figures) return made.figures;
  const { weight = 1, least = Math.max(5, weight > 1 ? connections : 2 * connections), after, ...call } = made;
  // what is read for the first time makes plans, pages and code warm
  const few = Math.min(connections, 4);
  if (/search|history|get|bulk/.test(scenario.name))
    await measure(setup.server, { connections: few, op: call.op, seconds: 0, least: few });
  const figures = await measure(setup.server, { ...call, connections, least, seconds: setup.seconds * weight });
  if (!after || figures.errors === figures.n) return figures;
  const why = await after(figures.n - figures.errors).catch((error) => error.message);
  return why ? { ...figures, wrong: figures.wrong + 1, firstWrong: why } : figures;
}

async function contest(name) {
  const { title, startOnly } = CONTESTANTS[name];
  process.stderr.write(`\n${title}\n`);
  const { server, database, place, starts } = await begin(name);
  const setup = new Setup(server, { ...size, analyze: database.analyze });
  const rows = [];
  for (const scenario of startOnly ? [] : SCENARIOS) {
    for (const c of scenario.at) {
      if (!wanted.test(scenario.name)) continue;
      const figures = await runScenario(setup, scenario, c);
      rows.push({ scenario, c, figures });
      const more = { contestant: name, scenario: scenario.name, concurrency: c, ...figures };
      report.add(`${name}: ${scenario.name}, ${c}`, 'op/s, ms', { ...figures, value: figures.rate }, [], more);
      for (const text of [figures.firstError, figures.firstWrong]) if (text) process.stderr.write(`    ! ${text}\n`);
    }
  }
  starts.loadedMib = memoryOf(server.pid).mib;
  setup.close();
  await server.stop();
  await database.drop();
  rmSync(place.home, { recursive: true, force: true });
  for (const [key, unit] of [
    ['firstMs', 'ms'],
    ['laterMs', 'ms'],
    ['restMib', 'MiB'],
  ])
    report.add(`${name}: ${key}`, unit, { value: starts[key] }, [], { contestant: name, ...starts });
  return { name, title, rows, starts };
}

try {
  if (!options.growth && only.some((name) => CONTESTANTS[name].python)) installPeers();
  postgres = await startPostgres(root, home, options.pg15);
  const about = { postgres: postgres.version, ...size, root };
  process.stdout.write(`${JSON.stringify({ ...machine(), ...about })}\n`);
  if (options.growth) {
    const growth = await begin('tailrace');
    await measureGrowth(growth, { to: Number(options['growth-to']), seconds: size.seconds, report });
    await growth.server.stop();
  } else {
    const all = [];
    for (const name of only) {
      const result = await contest(name).catch((error) => void process.stderr.write(`${name} is left out: ${error.stack}\n`));
      if (!result) continue;
      all.push(result);
      if (!CONTESTANTS[name].startOnly) printContestant(result);
      report.save(process.argv, about); // so that a run that is cut short leaves what it has
    }
    printStarts(all, report);
    printRatios(all, report);
  }
  report.save(process.argv, about);
} finally {
  await cleanUp();
}
process.exit(0);
