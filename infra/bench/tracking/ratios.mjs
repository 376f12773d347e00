// Tables: one for each contestant, and how many times the CPU of ours the others need. Ratios come from one run or not at all.
import { table } from '../report.mjs';
import { NotServed } from './client.mjs';

const short = (value) => {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(value >= 10 ? 3 : 2);
};

/** Figures of a scenario that could not begin: because there is no such call, or because what it needs failed. */
export function unserved(error) {
  return { n: 0, errors: 1, wrong: 0, firstError: error.message, absent: error instanceof NotServed };
}

const isAbsent = (figures) =>
  !figures || figures.n === 0 || (figures.errors === figures.n && /ENDPOINT_NOT_FOUND|NOT_IMPLEMENTED/.test(figures.firstError));
const isRight = (figures) => !isAbsent(figures) && figures.wrong === 0 && figures.errors === 0;

export function printContestant({ title, rows, starts }) {
  const head = [
    'scenario',
    'c',
    'op/s',
    'p50 ms',
    'p99 ms',
    'CPU/op ms',
    'server',
    'PostgreSQL',
    'KB in',
    'KB out',
    'client cores',
    'n',
    'answers',
  ];
  const lines = rows.map(({ scenario, c, figures: f }) => {
    if (isAbsent(f))
      return [
        scenario.name,
        c,
        '–',
        '–',
        '–',
        '–',
        '–',
        '–',
        '–',
        '–',
        '–',
        '',
        f.absent === false ? 'set-up failed' : 'not served',
      ];
    const answers = [f.errors && `${f.errors} errors`, f.wrong && `✗ ${f.wrong} wrong`].filter(Boolean).join(', ') || 'right';
    const figures = [f.rate, f.p50, f.p99, f.cpuMs, f.serverMs, f.postgresMs, f.inKb, f.outKb, f.clientCores].map(short);
    return [scenario.name, c, ...figures, f.n, answers];
  });
  process.stdout.write(`\n${title} (at rest ${Math.round(starts.restMib)} MiB)\n${table(head, lines)}`);
}

export function printStarts(all, report) {
  const head = [
    'server',
    'first start ever, ms',
    'later start, ms',
    'CPU of a start, ms',
    'PSS after 8 s, MiB',
    'processes',
    'PSS after load, MiB',
  ];
  const lines = all.map(({ title, starts: s }) => [
    title,
    ...[s.firstMs, s.laterMs, s.startCpuMs, s.restMib].map(Math.round),
    s.processes,
    Math.round(s.loadedMib),
  ]);
  process.stdout.write(`\nStart and memory\n${table(head, lines)}`);
  const ours = all.find(({ name }) => name === 'tailrace');
  const whole = ['mlflow1whole', 'mlflow2whole', 'mlflow'].map((name) => all.find((one) => one.name === name));
  for (const theirs of [opponent(all), ...whole]) {
    if (!ours || !theirs) continue;
    for (const [key, what] of Object.entries({ firstMs: 'first start ever', laterMs: 'later start', restMib: 'memory at rest' }))
      report.add(
        `Tailrace ÷ ${theirs.title}: ${what}`,
        'ratio',
        { value: ours.starts[key] / theirs.starts[key] },
        { at: 0.2, of: 'value' },
      );
  }
}

/** MLflow with two workers; with one where only that was measured. */
const opponent = (all) => all.find(({ name }) => name === 'mlflow2') ?? all.find(({ name }) => name === 'mlflow1');

export function printRatios(all, report) {
  const side = (wanted) => all.find(({ name }) => name === wanted);
  const [ours, mlflow, one, fml] = [side('tailrace'), opponent(all), side('mlflow1'), side('fasttrackml')];
  if (!ours || !(mlflow || fml)) return;
  const lines = ours.rows.map((row) => {
    const theirs = figuresOf(mlflow, row);
    return [
      row.scenario.name,
      row.c,
      short(row.figures.cpuMs),
      ...ratio(report, row, mlflow, row.scenario.mlflow),
      ratio(report, row, one)[0],
      ...ratio(report, row, fml, row.scenario.fml),
      short(row.figures.p99),
      short(theirs?.p99),
      row.c === 16 && !isAbsent(row.figures) && !isAbsent(theirs) ? quicker(report, row, mlflow, theirs) : '',
    ];
  });
  const name = mlflow?.name ?? 'MLflow';
  const reaches = ['reach', ''];
  const head = [
    'scenario',
    'c',
    'our CPU/op',
    `${name} ÷`,
    ...reaches,
    'mlflow1 ÷',
    'fasttrackml ÷',
    ...reaches,
    'our p99',
    `${name} p99`,
    'at 16',
  ];
  process.stdout.write(`\nCPU per operation (server and PostgreSQL) of the others ÷ Tailrace's\n${table(head, lines)}`);
  const goals = report.rows.filter(({ met }) => met !== null);
  const missed = goals.filter(({ met }) => !met);
  process.stdout.write(`\n${goals.length - missed.length} of ${goals.length} reaches met\n`);
  for (const { name: goal, value, reach } of missed) process.stdout.write(`  MISSED ${goal}: ${value} (${reach})\n`);
}

const figuresOf = (side, row) => side?.rows.find(({ scenario, c }) => scenario === row.scenario && c === row.c)?.figures;
const verdict = (met) => (met ? 'met' : 'MISSED');

/** Cells: the ratio, the reach, and whether it is met. A server that answers wrongly is no opponent: its ratio stands in brackets, without a reach. */
function ratio(report, row, side, reach) {
  const [mine, theirs] = [row.figures, figuresOf(side, row)];
  if (isAbsent(mine) || isAbsent(theirs)) return ['–', '', ''];
  const value = theirs.cpuMs / mine.cpuMs;
  if (theirs.wrong) return [`(${short(value)})`, '', ''];
  if (!reach) return [short(value), '', ''];
  const met = isRight(mine) && value >= reach;
  goal(report, `CPU of ${side.name} ÷ Tailrace's: ${row.scenario.name}, ${row.c}`, value, `value >= ${reach}`, met);
  return [short(value), `≥ ${reach}`, verdict(met)];
}

/** Whether our slowest of a hundred is quicker than MLflow's. */
function quicker(report, row, side, theirs) {
  const met = isRight(row.figures) && row.figures.p99 < theirs.p99;
  goal(
    report,
    `p99 of ${side.name} ÷ Tailrace's: ${row.scenario.name}, ${row.c}`,
    theirs.p99 / row.figures.p99,
    'value > 1',
    met,
  );
  return verdict(met);
}

function goal(report, name, value, reach, met) {
  report.rows.push({ name, unit: 'ratio', value: Math.round(value * 100) / 100, p50: null, p99: null, reach, met });
}
