// The scenarios: what is called, what must come back, and how much better than the others it has to be.
import { API, BATCH, expected, noise, points, T0, withId, wrongPoints, wrongRuns } from './seed.mjs';
import { artifactScenarios, registryScenarios } from './scenarios-files.mjs';
import { json, prepared, sumOf } from './scenario.mjs';

const BOTH = [1, 16];

/**
 * A scenario: `make(setup, c)` resolves to what `measure` needs (and `after(n)`, which says what is wrong with what was written), or to figures that
 * the setup has already. `mlflow` and `fml` are the least ratios of their CPU to ours; `weight` lengthens slow ones.
 */
export const SCENARIOS = [
  { name: 'ingest (create+batch+end)', at: [16], mlflow: 6, make: async (setup) => ({ figures: await setup.seed() }) },
  { name: 'create run', at: BOTH, mlflow: 6, fml: 0.5, make: createRun },
  { name: 'log metric', at: BOTH, mlflow: 6, fml: 0.5, make: (setup, c) => logMetric(setup, `lm${c}`, 16) },
  { name: 'log metric, same run', at: [16], mlflow: 6, fml: 0.5, make: (setup) => logMetric(setup, 'same', 1) },
  { name: 'log-batch of 20', at: BOTH, mlflow: 6, make: smallBatch },
  { name: 'log-batch of 1,000', at: BOTH, mlflow: 12, fml: 2, make: largeBatch },
  { name: 'log-batch of 1,000, one history', at: [4], mlflow: 12, fml: 2, make: (setup) => setup.longRun() },
  { name: 'get run with 100 keys', at: BOTH, mlflow: 6, fml: 0.5, make: getRun },
  { name: 'search newest 100', at: BOTH, mlflow: 15, fml: 2, make: (setup) => search(setup, expected.newest, {}) },
  {
    name: 'search filter+order by metric',
    at: BOTH,
    mlflow: 15,
    fml: 2,
    make: (setup) =>
      search(setup, expected.filtered, { filter: "metrics.m3 > 0.5 and params.p1 != '9'", order_by: ['metrics.m3 DESC'] }),
  },
  {
    name: 'search tag ILIKE',
    at: BOTH,
    mlflow: 15,
    fml: 2,
    make: (setup) => search(setup, expected.tagged, { filter: "tags.a ILIKE '%G7%'" }),
  },
  {
    name: 'search page of 1,000',
    at: BOTH,
    mlflow: 20,
    fml: 2,
    make: (setup) => search(setup, expected.newest, { max_results: 1000 }),
  },
  { name: 'search all pages of 1,000', at: [1], mlflow: 20, fml: 2, make: allPages },
  {
    name: 'create experiment',
    at: [16],
    mlflow: 3,
    fml: 0.5,
    make: async (setup) => ({ figures: await setup.manyExperiments() }),
  },
  { name: 'experiments search 1,000', at: BOTH, mlflow: 10, fml: 2, make: searchExperiments },
  { name: 'create experiment', at: [1], mlflow: 3, fml: 0.5, make: createExperiment },
  { name: 'history page of 1,000', at: BOTH, mlflow: 10, make: (setup) => history(setup, 1000) },
  { name: 'history of 25,000', at: BOTH, mlflow: 10, make: (setup) => history(setup, 25_000) },
  { name: 'whole history by pages of 25,000', at: [1], mlflow: 10, make: wholeHistory },
  { name: 'bulk-interval (320)', at: BOTH, mlflow: 10, make: bulkInterval },
  ...registryScenarios,
  ...artifactScenarios,
];

async function createRun(setup, c) {
  const { experiment } = await setup.writers();
  const name = (i) => `new-${c}-${i}`;
  const bodyOf = prepared(4000, (i) =>
    JSON.stringify({ experiment_id: experiment, run_name: name(i), start_time: T0 + i, tags: [{ key: 'a', value: 'x' }] }),
  );
  return {
    op: (client, i) => client.ok('POST', `${API}runs/create`, bodyOf(i)),
    check: ({ run }, i) => (run.info.run_name === name(i) ? undefined : `run ${i} is named ${run.info.run_name}`),
  };
}

async function logMetric(setup, key, spread) {
  const { ids } = await setup.writers();
  const bodyOf = prepared(6000, (i) => withId({ key, value: noise(i), timestamp: T0 + i, step: i })(ids[i % spread]));
  return {
    op: (client, i) => client.ok('POST', `${API}runs/log-metric`, bodyOf(i)),
    after: (n) => historyLengths(setup, ids.slice(0, spread), key, n),
  };
}

async function smallBatch(setup, c) {
  const { ids } = await setup.writers();
  const five = (prefix) => Array.from({ length: 5 }, (_, k) => ({ key: `${prefix}-${k}`, value: String(k) }));
  const bodyOf = prepared(3000, (i) =>
    withId({ metrics: points((j) => `s${c}-${j % 10}`, i * 10, 10), params: five(`s${c}-${i}`), tags: five(`s${c}`) })(
      ids[i % 16],
    ),
  );
  return {
    op: (client, i) => client.ok('POST', `${API}runs/log-batch`, bodyOf(i)),
    after: async (n) => {
      const { run } = await setup.client.json('GET', `${API}runs/get?run_id=${ids[(n - 1) % 16]}`);
      if (!run.data.params?.some(({ key }) => key === `s${c}-${n - 1}-4`)) return `the last batch is not in its run`;
      return historyLengths(setup, ids, `s${c}-0`, n);
    },
  };
}

async function largeBatch(setup, c) {
  const { ids } = await setup.writers();
  const bodyOf = prepared(c === 1 ? 250 : 500, (i) =>
    withId({ metrics: points((j) => `l${c}-${j % 20}`, i * BATCH, BATCH) })(ids[i % 16]),
  );
  return {
    op: (client, i) => client.ok('POST', `${API}runs/log-batch`, bodyOf(i)),
    count: c === 1 ? 250 : 500,
    after: (n) => historyLengths(setup, ids, `l${c}-7`, n * (BATCH / 20)),
  };
}

/** What was logged must be there: no point lost, none twice. */
async function historyLengths(setup, ids, key, n) {
  const count = async (id) => {
    const all = await setup.client.json('GET', `${API}metrics/get-history?run_id=${id}&metric_key=${key}&max_results=25000`);
    return all.metrics?.length ?? 0;
  };
  const found = await sumOf(ids, count);
  return found === n ? undefined : `${found} points of ${key} instead of ${n}`;
}

async function getRun(setup) {
  const path = `${API}runs/get?run_id=${await setup.wideRun()}`;
  const check = ({ run: { data } }) => {
    const [metrics, params, tags] = [
      data.metrics?.length,
      data.params?.length,
      data.tags?.filter(({ key }) => /^t\d+$/.test(key)).length,
    ];
    if (metrics !== 60 || params !== 20 || tags !== 20) return `${metrics} metrics, ${params} params and ${tags} tags`;
    return data.metrics.every(({ key, value }) => value === noise(Number(key.slice(1))))
      ? undefined
      : 'a metric has another value';
  };
  return { op: (client) => client.ok('GET', path), check };
}

async function search(setup, names, { max_results = 100, ...query }) {
  await setup.seed();
  const body = JSON.stringify({ experiment_ids: [setup.seedExperiment], max_results, ...query });
  const must = names(setup.runs, max_results);
  return {
    op: (client) => client.ok('POST', `${API}runs/search`, body),
    check: (page) => wrongRuns(page, must),
    weight: max_results > 100 ? 2 : 1,
  };
}

async function allPages(setup) {
  await setup.seed();
  const must = expected.newest(setup.runs, setup.runs);
  const query = { experiment_ids: [setup.seedExperiment], max_results: 1000 };
  const op = async (client) => {
    const pages = [];
    for (let token; pages.length === 0 || token;) {
      const body = await client.ok('POST', `${API}runs/search`, JSON.stringify({ ...query, page_token: token }));
      pages.push(body);
      token = json(body).next_page_token;
    }
    return pages;
  };
  return { op, check: (pages) => wrongRuns({ runs: pages.flatMap((page) => json(page).runs ?? []) }, must), least: 2 };
}

async function searchExperiments(setup) {
  await setup.manyExperiments();
  const body = JSON.stringify({ max_results: setup.experiments });
  const check = ({ experiments = [] }) => {
    if (new Set(experiments.map(({ name }) => name)).size !== setup.experiments) return `${experiments.length} experiments`;
    const times = experiments.map(({ creation_time: time }) => Number(time));
    return times.every((time, i) => i === 0 || time <= times[i - 1]) ? undefined : 'not newest first';
  };
  return { op: (client) => client.ok('POST', `${API}experiments/search`, body), check };
}

async function createExperiment() {
  const bodyOf = prepared(3000, (i) => JSON.stringify({ name: `one-${i}` }));
  return {
    op: (client, i) => client.ok('POST', `${API}experiments/create`, bodyOf(i)),
    check: ({ experiment_id: id }) => (/^\d+$/.test(id) ? undefined : `id ${id}`),
  };
}

const historyPath = (id, count, token) =>
  `${API}metrics/get-history?run_id=${id}&metric_key=long&max_results=${count}${token ? `&page_token=${encodeURIComponent(token)}` : ''}`;

async function history(setup, count) {
  const { id } = await setup.longRun();
  return {
    op: (client) => client.ok('GET', historyPath(id, count)),
    check: ({ metrics, next_page_token: token }) =>
      wrongPoints(metrics, 0, count) ?? (token ? undefined : 'no token of the next page'),
    weight: count > 1000 ? 2 : 1,
  };
}

async function wholeHistory(setup) {
  const { id } = await setup.longRun();
  const op = async (client) => {
    const pages = [];
    for (let token; pages.length === 0 || token;) {
      const body = await client.ok('GET', historyPath(id, 25_000, token));
      pages.push(body);
      token = json(body).next_page_token;
    }
    return pages;
  };
  const check = (pages) =>
    wrongPoints(
      pages.flatMap((page) => json(page).metrics ?? []),
      0,
      setup.longPoints,
    );
  return { op, check, least: 2, weight: 2 };
}

async function bulkInterval(setup) {
  const { id } = await setup.longRun();
  const path = `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${id}&metric_key=long&max_results=320`;
  const check = ({ metrics = [] }) => {
    const steps = metrics.map(({ step }) => Number(step));
    if (steps.length < 320 || steps.length > 325) return `${steps.length} points`;
    if (steps[0] !== 0 || steps.at(-1) !== setup.longPoints - 1) return `from step ${steps[0]} to ${steps.at(-1)}`;
    return metrics.every(({ step, value }, n) => value === noise(Number(step)) && (n === 0 || steps[n - 1] < step))
      ? undefined
      : 'order or values';
  };
  return { op: (client) => client.ok('GET', path), check };
}
