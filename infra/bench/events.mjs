// npm run bench:events [-- --json FILE --backlog N]: from an event to the action of a trigger and to a webhook, at rest and under load, and what a dead
// receiver with a backlog costs the others when it comes back. A platform as a process of its own; the receivers are in this one.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedServer } from '../../dist/libs/testing/src/superuser.js';
import pg from 'pg';
import { startPlatform } from './platform.mjs';
import { quantile, Report } from './report.mjs';

const AT_REST = 100;
const BURST = 300;
const TRIGGERS = 8;
const CONNECTIONS = 16;
const argument = process.argv.indexOf('--backlog');
const BACKLOG = argument >= 0 ? Number(process.argv[argument + 1]) : 100_000;

const report = new Report();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const quantiles = (times) => ({ p50: quantile(times, 0.5), p99: quantile(times, 0.99) });

async function until(what, ms, done) {
  for (const end = performance.now() + ms; !(await done()); await sleep(5))
    if (performance.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
}

/** Notes of each path when which event came; `down` are paths that answer 503. */
async function startReceiver() {
  const came = new Map();
  const down = new Set();
  const server = http.createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part) => (text += part));
    request.on('end', () => {
      if (down.has(request.url)) return response.writeHead(503).end();
      const event = JSON.parse(text);
      const seen = came.get(request.url) ?? came.set(request.url, []).get(request.url);
      seen.push({ at: Date.now(), ms: Date.now() - Date.parse(event.time), name: event.data.name });
      response.writeHead(200).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, down, on: (path) => came.get(path) ?? [], forget: () => came.clear(), stop: () => server.close() };
}

function clientOf({ url, token }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return (query, input, variables = { input }) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const request = http.request(new URL('/graphql', url), { method: 'POST', agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => {
          const answer = JSON.parse(text);
          const payload = answer.data && Object.values(answer.data)[0];
          if (payload?.userErrors?.length === 0) resolve(payload);
          else reject(new Error(text));
        });
      });
      request.on('error', reject);
      request.end(JSON.stringify({ query, variables }));
    });
}

const mutation = (name, type, more = '') =>
  `mutation ($input: ${type}!) { ${name}(input: $input) { ${more} userErrors { message } } }`;
const EXPERIMENT = mutation('createExperiment', 'CreateExperimentInput');
const WEBHOOK = mutation('createWebhook', 'CreateWebhookInput', 'webhook { id }');
const TRIGGER = mutation('createTrigger', 'CreateTriggerInput', 'trigger { id }');
const DELETE_TRIGGER = 'mutation ($id: ID!) { deleteTrigger(triggerId: $id) { userErrors { message } } }';
let made = 0;

const trigger = (send, receiver, name) =>
  send(TRIGGER, {
    name,
    filter: { kind: 'event', event: 'experiment.created' },
    action: { kind: 'call_webhook', url: `${receiver.url}/trigger` },
  });

async function burst(send, count) {
  const begun = Date.now();
  const lane = async () => {
    while (count-- > 0) await send(EXPERIMENT, { name: `burst ${made++}` });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return begun;
}

async function atRest(send, receiver, paths) {
  for (let i = 0; i < AT_REST; i++) {
    const name = `rest ${made++}`;
    await send(EXPERIMENT, { name });
    await until(`event ${i}`, 30_000, () => paths.every((path) => receiver.on(path).some((event) => event.name === name)));
  }
}

async function underLoad(send, receiver, paths, events = BURST, each = 1) {
  receiver.forget();
  const begun = await burst(send, events);
  const rates = [];
  for (const path of paths) {
    await until(`${path} under load`, 180_000, () => receiver.on(path).length >= events * each);
    const times = receiver.on(path);
    rates.push({ value: (times.length * 1000) / (times.at(-1).at - begun), ...quantiles(times.map(({ ms }) => ms)) });
  }
  return rates;
}

/** As many events of a subject each as a dead receiver has missed, through the relay and the matcher like any others. */
const MISSED = `insert into event_log (id, workspace_id, type, subject, data, correlation_id, auth_id)
  select 'evt_' || lpad(to_hex(i), 32, '0'), $1, 'io.tailrace.model.created.v1', 'model/mdl_' || lpad(to_hex(i), 32, '0'),
    jsonb_build_object('modelId', 'mdl_' || lpad(to_hex(i), 32, '0'), 'name', 'missed ' || i), 'bench', 'mem_bench' from generate_series(1, $2::int) i`;

async function backlog(send, receiver, database) {
  const dead = { name: 'dead', url: `${receiver.url}/dead`, types: ['model.created'] };
  receiver.down.add('/dead');
  const { webhook } = await send(WEBHOOK, dead);
  const { rows } = await database.query('select workspace_id from webhook where id = $1', [webhook.id]);
  const begun = Date.now();
  await database.query(MISSED, [rows[0].workspace_id, BACKLOG]);
  const waiting = async () =>
    (
      await database.query("select count(*)::int as n from webhook_delivery where webhook_id = $1 and state = 'PENDING'", [
        webhook.id,
      ])
    ).rows[0].n;
  await until('the backlog is written down', 600_000, async () => (await waiting()) >= BACKLOG);
  report.add(`${BACKLOG} events matched`, 'events/s', { value: (BACKLOG * 1000) / (Date.now() - begun) });
  receiver.forget();
  await atRest(send, receiver, ['/webhook']);
  report.add(
    `event to webhook beside a dead receiver with ${BACKLOG} undelivered`,
    'ms',
    quantiles(receiver.on('/webhook').map(({ ms }) => ms)),
    { at: 150, of: 'p99' },
  );
  receiver.down.delete('/dead');
  receiver.forget();
  const back = Date.now();
  await atRest(send, receiver, ['/webhook']);
  const caught = receiver.on('/dead').length;
  report.add(
    'event to webhook while it catches up',
    'ms',
    quantiles(receiver.on('/webhook').map(({ ms }) => ms)),
    { at: 150, of: 'p99' },
    { caughtUp: caught },
  );
  await sleep(Math.max(0, 10_000 - (Date.now() - back)));
  report.add('backlog delivered', 'deliveries/s', { value: (receiver.on('/dead').length * 1000) / (Date.now() - back) });
}

const home = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
const receiver = await startReceiver();
const platform = await startPlatform(home, { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
const database = new pg.Client({ connectionString: (await embeddedServer(home)).url });
try {
  await database.connect();
  const send = clientOf(platform);
  await send(WEBHOOK, { name: 'measured', url: `${receiver.url}/webhook`, types: ['experiment.created'] });
  await trigger(send, receiver, 'measured');
  const paths = ['/webhook', '/trigger'];
  await atRest(send, receiver, paths);
  receiver.forget();
  await atRest(send, receiver, paths);
  const reach = [
    { at: 35, of: 'p50' },
    { at: 150, of: 'p99' },
  ];
  report.add('event to webhook at rest', 'ms', quantiles(receiver.on('/webhook').map(({ ms }) => ms)), reach);
  report.add('event to action of a trigger at rest', 'ms', quantiles(receiver.on('/trigger').map(({ ms }) => ms)), reach);
  const [delivered, acted] = await underLoad(send, receiver, paths);
  report.add(`webhook deliveries, ${BURST} events by ${CONNECTIONS} connections`, '1/s, ms', delivered);
  report.add(`actions of a trigger, ${BURST} events by ${CONNECTIONS} connections`, '1/s, ms', acted);
  // One trigger lets one execution go on at a time: several show what the platform can do.
  const beside = [];
  for (let i = 1; i < TRIGGERS; i++) beside.push((await trigger(send, receiver, `beside-${i}`)).trigger.id);
  const [side] = await underLoad(send, receiver, ['/trigger'], 100, TRIGGERS);
  report.add(`actions of ${TRIGGERS} triggers, 100 events by ${CONNECTIONS} connections`, '1/s, ms', side);
  for (const id of beside) await send(DELETE_TRIGGER, undefined, { id });
  await backlog(send, receiver, database);
} finally {
  await database.end();
  await platform.stop();
  receiver.stop();
  rmSync(home, { recursive: true, force: true });
}
report.finish(process.argv);
process.exit(0);
