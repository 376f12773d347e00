// npm run bench:lineage [-- --json FILE]: questions to a graph of 1,000,000 edges, on an embedded PostgreSQL of its own. The shape is that of a platform
// in use: chains of data set versions, runs on them, versions of models and revisions on these, blobs, code and environments that many share.
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AccessService, createCtx } from '#access';
import { loadConfig } from '#config';
import { startEmbedded } from '#database';
import { migrateAll, PlatformModule } from '#host';
import { LineageView, QuestionsView } from '#lineage';
import { quantile, Report } from './report.mjs';

/** Groups of 8 versions of a data set, 400 runs, 400 logged models, 200 versions of a model and 50 revisions; 4,724 edges each. */
const GROUPS = 212;
const ASKED = 300;
const report = new Report();

const id = (prefix, key) => `'${prefix}_' || md5(g || '${prefix}' || ${key})`;
const VERSION = id('dsv', 'v');
const RUN = id('run', 'r');
const LOGGED = id('lgm', 'r');
const MADE = id('mdv', 'r');
const RUNS = `generate_series(1, ${GROUPS}) g, generate_series(0, 399) r`;
const VERSIONS = `generate_series(1, ${GROUPS}) g, generate_series(0, 7) v`;
const JOB = id('job', 'r');
const FORMAT = `'format:' || ${MADE} || ':onnx'`;

/** `[from, relation, to, rows]`: what a row of `rows` draws. */
const EDGES = [
  [VERSION, 'version_of', id('dst', `''`), VERSIONS],
  [VERSION, 'stored_as', `md5(g || 'blob' || v) || md5('x' || g || v)`, VERSIONS],
  [VERSION, 'derived_from', id('dsv', '(v - 1)'), `${VERSIONS} where v > 0`],
  [RUN, 'trained_on', id('dsv', '(r / 50)'), RUNS],
  [RUN, 'part_of', id('exp', `''`), RUNS],
  [RUN, 'ran', `'code:train@' || (g % 20)`, RUNS],
  [RUN, 'computed_by', `'engine:tfjs on ' || (r % 3)`, RUNS],
  [RUN, 'made_by', JOB, RUNS],
  [JOB, 'configured_by', `${id('tpl', `''`)} || '@1'`, RUNS],
  [RUN, 'computed_in', `'attempt:' || ${JOB} || '#1'`, RUNS],
  [`'attempt:' || ${JOB} || '#1'`, 'attempt_of', JOB, RUNS],
  [LOGGED, 'logged_by', RUN, RUNS],
  [MADE, 'produced_by', RUN, `${RUNS} where r % 2 = 0`],
  [MADE, 'registered_from', LOGGED, `${RUNS} where r % 2 = 0`],
  [MADE, 'version_of', id('mdl', `''`), `${RUNS} where r % 2 = 0`],
  [MADE, 'held_as', FORMAT, `${RUNS} where r % 2 = 0`],
  [FORMAT, 'stored_as', `md5(g || 'onnx' || r) || md5('y' || g || r)`, `${RUNS} where r % 2 = 0`],
  [id('rev', 'r'), 'serves', MADE, `${RUNS} where r % 8 = 0`],
  [id('rev', 'r'), 'revision_of', id('end', `''`), `${RUNS} where r % 8 = 0`],
];

/** A migrated database with the graph in it; `url` is the application's. */
async function makeGraph(server, workspaceOf) {
  const admin = new pg.Client({ connectionString: server.superuserUrl });
  await admin.connect();
  await admin.query('create database bench');
  await admin.end();
  const owner = new URL(server.superuserUrl);
  owner.pathname = '/bench';
  await migrateAll(owner.toString(), 'tailrace_app', 'bench');
  const url = new URL(owner);
  url.username = 'tailrace_app';
  url.password = 'bench';
  const { app, workspaceId } = await workspaceOf(url.toString());
  const client = new pg.Client({ connectionString: owner.toString() });
  await client.connect();
  for (const [from, relation, to, rows] of EDGES)
    await client.query(
      `insert into lineage_edge (workspace_id, from_id, to_id, relation, event_id, sequence, at)
       select $1, ${from}, ${to}, '${relation}', 'e', row_number() over (), now() from ${rows}`,
      [workspaceId],
    );
  await client.query(
    `insert into lineage_node (workspace_id, id, kind, label, at, sequence, state, project)
     select $1, id, split_part(translate(id, '_', ':'), ':', 1), id, now(), 1, case when id like 'mdv%' then 'production' end, '/'
       from (select from_id as id from lineage_edge union select to_id from lineage_edge) ends`,
    [workspaceId],
  );
  await client.query(`update lineage_node set kind = 'model_version' where kind = 'mdv'`);
  await client.query(`insert into log_cursor (consumer, position) values ('lineage', 1000000000)`);
  await client.query('vacuum analyze lineage_edge, lineage_node');
  const { rows } = await client.query(
    'select (select count(*)::int from lineage_edge) as edges, (select count(*)::int from lineage_node) as nodes',
  );
  await client.end();
  return { app, workspaceId, ...rows[0] };
}

async function openApp(url, home) {
  const config = loadConfig({ TAILRACE_HOME: home, TAILRACE_LOG_LEVEL: 'silent' });
  class Root {}
  const modules = [PlatformModule.register({ config, databaseUrl: url, service: 'bench', workers: 0 })];
  const app = await NestFactory.createApplicationContext({ module: Root, imports: modules }, { logger: false });
  const { workspaceId } = await app.get(AccessService).bootstrap();
  return { app, workspaceId };
}

async function measure(name, ask, reach = []) {
  const times = [];
  let reached = 0;
  for (let i = 0; i < ASKED + 20; i++) {
    const begun = performance.now();
    reached = await ask(1 + ((i * 37) % GROUPS));
    if (i >= 20) times.push(performance.now() - begun);
  }
  const figures = { value: quantile(times, 0.95), p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  report.add(`${name} (reaches ${reached}), p95`, 'ms', figures, reach);
}

const home = mkdtempSync(join(tmpdir(), 'tailrace-lineage-'));
const server = await startEmbedded({ dir: join(home, 'postgres') });
try {
  const { app, workspaceId, edges, nodes } = await makeGraph(server, (url) => openApp(url, home));
  report.add('edges', 'count', { value: edges }, { at: 1_000_000, of: 'value', atLeast: true });
  report.add('nodes', 'count', { value: nodes });
  const ctx = createCtx(workspaceId, { kind: 'system', name: 'bench' });
  const view = app.get(LineageView);
  const idOf = (prefix, g, key) => `${prefix}_${createHash('md5').update(`${g}${prefix}${key}`).digest('hex')}`;
  const goal = { at: 50, of: 'value' };
  const size = async (found) => (await found).nodes.length;
  const down = { direction: 'downstream', depth: 10 };
  await measure('downstream, 10 hops', (g) => size(view.walk(ctx, idOf('dsv', g, 0), down)), goal);
  await measure(
    'downstream, 10 hops, as of a time',
    (g) => size(view.walk(ctx, idOf('dsv', g, 0), { ...down, until: new Date() })),
    goal,
  );
  await measure(
    'upstream, 10 hops',
    (g) => size(view.walk(ctx, idOf('rev', g, 392), { direction: 'upstream', depth: 10 })),
    goal,
  );
  await measure('path', (g) => size(view.path(ctx, idOf('rev', g, 392), idOf('dsv', g, 0), { depth: 20 })), goal);
  await measure('impact', (g) => size(app.get(QuestionsView).impactOf(ctx, idOf('dsv', g, 0), { depth: 10 }, 'production')));
  await app.close();
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
report.finish(process.argv);
process.exit(0);
