// How Tailrace's pages keep up when the database grows tenfold and tenfold again. Rows are made in the database by SQL, as the tables' owner.
import pg from 'pg';
import { table } from '../report.mjs';
import { measure } from './client.mjs';
import { expected, METRICS, noiseSql, PARAMS, runBodies, API, T0, wrongPoints, wrongRuns } from './seed.mjs';
import { Setup } from './setup.mjs';

const SIZES = [2000, 20_000, 200_000];
/** Ten metrics have four points and ten have one: 50 points a run, 10 million in the end. */
const STEPS = 4;
const LONG = 100_000;
const CHUNK = 20_000;
const TABLES = ['run', 'run_param', 'run_tag', 'metric_latest', 'metric_point'];
const FACTOR = 1.5;

export async function measureGrowth({ server, database }, { to, seconds, report }) {
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await owner.query('set session_replication_role = replica'); // without a look at each row's run
  const setup = new Setup(server, { runs: 0 });
  try {
    setup.seedExperiment = await setup.experiment('seed');
    const place = await placeOf(owner);
    const long = await longRun(setup, owner, place);
    const columns = [];
    for (const [n, size] of SIZES.filter((wanted) => wanted <= to).entries()) {
      const begun = performance.now();
      for (let from = n === 0 ? 0 : SIZES[n - 1]; from < size; from += CHUNK)
        await fill(owner, place, from, Math.min(size, from + CHUNK));
      // what autovacuum would do in the midst of the measurement otherwise
      for (const name of TABLES) await owner.query(`vacuum (analyze) ${name}`);
      await owner.query('checkpoint');
      process.stderr.write(`  ${size} runs are there after ${Math.round((performance.now() - begun) / 1000)} s\n`);
      columns.push({ size, rows: await measureSize(setup, size, long, seconds), storage: await storageOf(owner) });
      for (const { name, figures } of columns.at(-1).rows)
        report.add(`${size} runs: ${name}`, 'op/s, ms', { ...figures, value: figures.rate }, [], {
          runs: size,
          scenario: name,
          ...figures,
        });
    }
    print(columns, report);
  } finally {
    setup.close();
    await owner.end();
  }
}

async function placeOf(owner) {
  const { rows } = await owner.query("select id, num, workspace_id from experiment where name = 'seed'");
  const [{ id, num, workspace_id: workspace }] = rows;
  const names = [...Array.from({ length: METRICS }, (_, k) => `m${k}`), 'long'];
  await owner.query('insert into metric_key (workspace_id, name) select $1, unnest($2::text[]) on conflict do nothing', [
    workspace,
    names,
  ]);
  const keys = await owner.query(
    "select id, case name when 'long' then -1 else substr(name, 2)::int end as k from metric_key where name = any($1)",
    [names],
  );
  return { id, num, workspace, keys: `(values ${keys.rows.map((row) => `(${row.k}, ${row.id})`).join()}) as mk (k, key)` };
}

/** One run with a long history, which stays as it is while everything around it grows. */
async function longRun(setup, owner, { keys }) {
  const { experiment } = await setup.writers();
  const { run } = await setup.post('runs/create', { experiment_id: experiment, run_name: 'long', start_time: T0, tags: [] });
  await owner.query(
    `insert into metric_point (run, key, ts, step, value, source, attempt)
     select r.num, mk.key, ${T0} + j, j, ${noiseSql('j')}, 0, 0
       from run r, ${keys}, generate_series(0, ${LONG - 1}) j where r.id = $1 and mk.k = -1`,
    [`run_${run.info.run_id}`],
  );
  return run.info.run_id;
}

/** Runs `from` to `to`, as the seed over HTTP would have made them, and three earlier points of half of their metrics. */
async function fill(owner, { id, num, workspace, keys }, from, to) {
  const at = (ms) => `to_timestamp((${ms})::numeric / 1000)`;
  await owner.query(
    `insert into run (id, workspace_id, experiment_id, experiment, name, status, created_by, started_at, ended_at)
     select 'run_' || md5(i::text), $1, $2, $3, 'seed-' || lpad(i::text, 7, '0'), 'FINISHED', 'system:bench',
       ${at(`${T0} + i`)}, ${at(`${T0} + i + 1000`)} from generate_series($4::bigint, $5::bigint - 1) i`,
    [workspace, id, num, from, to],
  );
  const seeded = `(select r.num, i from generate_series(${from}::bigint, ${to}::bigint - 1) i join run r on r.id = 'run_' || md5(i::text)) s`;
  const value = noiseSql(`s.i * ${METRICS} + mk.k`);
  await owner.query(
    `insert into run_param (run, key, value) select s.num, 'p' || k, ((s.i + k) % 10)::text from ${seeded}, generate_series(0, ${PARAMS - 1}) k`,
  );
  await owner.query(
    `insert into run_tag (run, key, value) select s.num, t.key, case t.key when 'a' then 'tag' || s.i % 100 else 'x' end
       from ${seeded}, (values ('a'), ('b')) t (key)`,
  );
  await owner.query(
    `insert into metric_latest (run, key, ts, step, value, experiment, source)
     select s.num, mk.key, ${T0} + s.i, ${STEPS}, ${value}, ${num}, 0 from ${seeded}, ${keys} where mk.k >= 0`,
  );
  await owner.query(
    `insert into metric_point (run, key, ts, step, value, source, attempt)
     select s.num, mk.key, ${T0} + s.i - ${STEPS} + step, step, ${value} * step / ${STEPS}, 0, 0
       from ${seeded}, ${keys}, generate_series(1, ${STEPS}) step where mk.k >= 0 and (step = ${STEPS} or mk.k < 10)`,
  );
}

async function measureSize(setup, runs, long, seconds) {
  const rows = [];
  const add = async (name, call) => {
    const warm = { ...call, seconds: 0, least: 3, count: 3 };
    if (!call.count) await measure(setup.server, { connections: 1, ...warm });
    const figures = await measure(setup.server, { connections: 1, least: 30, seconds, ...call });
    if (figures.firstError || figures.firstWrong)
      process.stderr.write(`    ! ${name}: ${figures.firstError ?? figures.firstWrong}\n`);
    rows.push({ name, figures });
  };
  const search = (names, max_results, query = {}) => {
    const body = JSON.stringify({ experiment_ids: [setup.seedExperiment], max_results, ...query });
    const must = names(runs, max_results);
    return { op: (client) => client.ok('POST', `${API}runs/search`, body), check: (page) => wrongRuns(page, must) };
  };
  await add('search newest 100', search(expected.newest, 100));
  await add(
    'search filter+order by metric',
    search(expected.filtered, 100, { filter: "metrics.m3 > 0.5 and params.p1 != '9'", order_by: ['metrics.m3 DESC'] }),
  );
  const least = 1 - 200 / runs; // so that the answer has as many runs at every size
  await add('search metric, 200 match', search(expected.above(least), 100, { filter: `metrics.m3 > ${least}` }));
  await add('search tag ILIKE', search(expected.tagged, 100, { filter: "tags.a ILIKE '%G7%'" }));
  await add('search run by name', search(expected.named, 100, { filter: "attributes.run_name = 'seed-0000007'" }));
  await add('search page of 1,000', search(expected.newest, 1000));
  const history = `${API}metrics/get-history?run_id=${long}&metric_key=long&max_results=1000`;
  await add('history page of 1,000', {
    op: (client) => client.ok('GET', history),
    check: ({ metrics }) => wrongPoints(metrics, 0, 1000),
  });
  const { experiment } = await setup.writers();
  const bodies = Array.from({ length: 500 }, (_, i) => runBodies(experiment, i));
  const ingest = async (client, i) => {
    const { run } = JSON.parse(await client.ok('POST', `${API}runs/create`, bodies[i].create));
    await client.ok('POST', `${API}runs/log-batch`, bodies[i].batch(run.info.run_id));
    return client.ok('POST', `${API}runs/update`, bodies[i].end(run.info.run_id));
  };
  await add('ingest, 16 connections', { connections: 16, op: ingest, count: bodies.length, seconds: undefined });
  return rows;
}

/** Bytes of table and of indexes for each point, over all partitions. */
async function storageOf(owner) {
  const { rows } = await owner.query(
    `select sum(pg_relation_size(inhrelid))::float8 as heap, sum(pg_indexes_size(inhrelid))::float8 as indexes,
       sum(pg_total_relation_size(inhrelid))::float8 as total, (select count(*) from metric_point)::float8 as points
       from pg_inherits where inhparent = 'metric_point'::regclass`,
  );
  return rows[0];
}

function print(columns, report) {
  const short = (value) => (value === undefined ? '' : value >= 100 ? Math.round(value) : value.toFixed(1));
  const head = [
    'scenario',
    ...columns.flatMap(({ size }) => [`p50 at ${size}`, 'p99', 'CPU/op']),
    'p50 factor per tenfold',
    'CPU factor',
    'answers',
  ];
  const lines = columns[0].rows.map(({ name }, i) => {
    const all = columns.map(({ rows }) => rows[i].figures);
    const perTenfold = (of) => (of(all.at(-1)) / of(all[0])) ** (1 / (all.length - 1));
    const bad = all.reduce((sum, { errors, wrong }) => sum + errors + wrong, 0);
    const factor = perTenfold(({ p50 }) => p50);
    if (all.length > 1) report.add(`growth: ${name}`, 'factor per tenfold', { value: factor }, { at: FACTOR, of: 'value' });
    const figures = all.flatMap(({ p50, p99, cpuMs }) => [p50, p99, cpuMs].map(short));
    return [
      name,
      ...figures,
      ...(all.length > 1 ? [factor.toFixed(2), perTenfold(({ cpuMs }) => cpuMs).toFixed(2)] : ['', '']),
      bad ? `✗ ${bad}` : 'right',
    ];
  });
  process.stdout.write(`\nGrowth of Tailrace, ms\n${table(head, lines)}`);
  const storage = columns.map(({ size, storage: s }) => [
    size,
    s.points,
    ...[s.heap, s.indexes, s.total].map((bytes) => (bytes / s.points).toFixed(1)),
    Math.round(s.total / 2 ** 20),
  ]);
  process.stdout.write(`\nBytes of a point\n${table(['runs', 'points', 'table', 'indexes', 'in all', 'MiB'], storage)}`);
  for (const { size, storage: s } of columns)
    report.add(`${size} runs: bytes of a point`, 'bytes', { value: s.total / s.points }, [], { runs: size, ...s });
}
