// What is poured in, and what must come out again: everything is computed from the number of a run, so an answer can be checked without a look back.
export const API = '/api/2.0/mlflow/';
export const T0 = 1_700_000_000_000;
export const METRICS = 20;
export const PARAMS = 10;
/** Points of one call of log-batch at most. */
export const BATCH = 1000;

const [FACTOR, PRIME] = [2654435761, 1000003];
/** A number of [0, 1) that is another for each of a million. */
export const noise = (i) => (((i % PRIME) * FACTOR) % PRIME) / PRIME;
/** The same of an SQL expression: exact, so that rows that SQL made are checked as those that came by HTTP. */
export const noiseSql = (i) => `((((${i})::bigint % ${PRIME}) * ${FACTOR}) % ${PRIME})::float8 / ${PRIME}::float8`;
export const runName = (i) => `seed-${String(i).padStart(7, '0')}`;
export const metricOf = (i, k) => noise(i * METRICS + k);
export const paramOf = (i, k) => String((i + k) % 10);
export const tagOf = (i) => `tag${i % 100}`;

/** The three calls that make run `i`; the id comes in between. */
export function runBodies(experiment, i) {
  const metrics = Array.from({ length: METRICS }, (_, k) => ({
    key: `m${k}`,
    value: metricOf(i, k),
    timestamp: T0 + i,
    step: 1,
  }));
  const params = Array.from({ length: PARAMS }, (_, k) => ({ key: `p${k}`, value: paramOf(i, k) }));
  const tags = [
    { key: 'a', value: tagOf(i) },
    { key: 'b', value: 'x' },
  ];
  return {
    create: JSON.stringify({ experiment_id: experiment, run_name: runName(i), start_time: T0 + i, tags }),
    batch: withId({ metrics, params }),
    end: withId({ status: 'FINISHED', end_time: T0 + i + 1000 }),
  };
}

/** A body that lacks only its run, written out beforehand: `body(id)`. */
export function withId(rest) {
  const tail = JSON.stringify(rest).slice(1);
  return (id) => `{"run_id":"${id}",${tail}`;
}

/** `count` points of one or more metrics from number `from` on: point `j` has step `j`, and a value and time of its own. */
export const points = (key, from, count) =>
  Array.from({ length: count }, (_, n) => {
    const j = from + n;
    return { key: typeof key === 'function' ? key(j) : key, value: noise(j), timestamp: T0 + j, step: j };
  });

function newestThat(runs, count, fits) {
  const found = [];
  for (let i = runs - 1; i >= 0 && found.length < count; i--) if (fits(i)) found.push(runName(i));
  return found;
}

/** Names of the runs that a search must find, in order. */
export const expected = {
  newest: (runs, count) => Array.from({ length: Math.min(runs, count) }, (_, n) => runName(runs - 1 - n)),
  filtered: (runs, count) =>
    Array.from({ length: runs }, (_, i) => i)
      .filter((i) => metricOf(i, 3) > 0.5 && paramOf(i, 1) !== '9')
      .sort((a, b) => metricOf(b, 3) - metricOf(a, 3))
      .slice(0, count)
      .map(runName),
  tagged: (runs, count) => newestThat(runs, count, (i) => tagOf(i).includes('g7')),
  above: (least) => (runs, count) => newestThat(runs, count, (i) => metricOf(i, 3) > least),
  named: () => [runName(7)],
};

/** What is wrong with a page of runs; undefined when nothing is. */
export function wrongRuns({ runs = [] }, names) {
  if (runs.length !== names.length) return `${runs.length} runs instead of ${names.length}`;
  for (const [n, { info, data = {} }] of runs.entries()) {
    if (info.run_name !== names[n]) return `run ${n} is ${info.run_name} instead of ${names[n]}`;
    const i = Number(info.run_name.slice(5));
    const metrics = new Map((data.metrics ?? []).map(({ key, value }) => [key, value]));
    const params = new Map((data.params ?? []).map(({ key, value }) => [key, value]));
    if (metrics.size !== METRICS || params.size !== PARAMS)
      return `${info.run_name} has ${metrics.size} metrics and ${params.size} params`;
    for (let k = 0; k < METRICS; k++)
      if (metrics.get(`m${k}`) !== metricOf(i, k)) return `${info.run_name}: m${k} is ${metrics.get(`m${k}`)}`;
    for (let k = 0; k < PARAMS; k++)
      if (params.get(`p${k}`) !== paramOf(i, k)) return `${info.run_name}: p${k} is ${params.get(`p${k}`)}`;
    if (!data.tags?.some(({ key, value }) => key === 'a' && value === tagOf(i))) return `${info.run_name} lacks its tag`;
  }
  return undefined;
}

/** What is wrong with a stretch of the long history that must begin at `from`. */
export function wrongPoints(metrics = [], from, count) {
  if (metrics.length !== count) return `${metrics.length} points instead of ${count}`;
  const at = metrics.findIndex(({ step, timestamp, value }, n) => {
    const j = from + n;
    return Number(step) !== j || Number(timestamp) !== T0 + j || value !== noise(j);
  });
  return at < 0 ? undefined : `point ${at} has step ${metrics[at].step} instead of ${from + at}`;
}

/** A file whose every copy differs: 16 bytes of its own before a long common part. */
export function file(name, size) {
  const head = Buffer.alloc(16);
  head.write(name.slice(-16));
  return [head, filler(size - 16)];
}

let common = Buffer.alloc(0);
function filler(size) {
  if (common.length < size) {
    common = Buffer.allocUnsafe(size);
    let state = 88172645;
    for (let at = 0; at + 4 <= size; at += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      common.writeInt32LE(state | 0, at);
    }
  }
  return common.subarray(0, size);
}

/** Takes a body as it comes and compares it, byte for byte, with a file. */
export function comparer(name, size) {
  const [head, rest] = file(name, size);
  let [at, equal] = [0, true];
  return {
    take: (chunk) => {
      for (let from = 0; from < chunk.length && equal;) {
        const [part, offset] = at < head.length ? [head, at] : [rest, at - head.length];
        const length = Math.min(chunk.length - from, part.length - offset);
        equal = length > 0 && chunk.compare(part, offset, offset + length, from, from + length) === 0;
        [from, at] = [from + length, at + length];
      }
    },
    same: () => equal && at === size,
  };
}
