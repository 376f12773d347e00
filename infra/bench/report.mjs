// The form that every benchmark of this project keeps: rows of {name, unit, value, p50, p99, reach, met}, as a table and as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] : null;
}

const round = (value) => (value === null || value === undefined ? null : Math.round(value * 100) / 100);

export class Report {
  rows = [];

  /** `reach` is `{ at, of: 'value' | 'p50' | 'p99', atLeast?: boolean }`, or an array of them; `more` are further fields of the row in JSON. */
  add(name, unit, { value = null, p50 = null, p99 = null }, reach = [], more = {}) {
    const figures = { value: round(value), p50: round(p50), p99: round(p99) };
    const goals = [reach].flat();
    const met = goals.length
      ? goals.every(({ at, of, atLeast }) => figures[of] !== null && (atLeast ? figures[of] >= at : figures[of] <= at))
      : null;
    const text = goals.map(({ at, of, atLeast }) => `${of} ${atLeast ? '>=' : '<='} ${at}`).join(', ') || null;
    const row = { name, unit, ...figures, reach: text, met, ...more };
    this.rows.push(row);
    process.stderr.write(
      `  ${name}: ${row.value ?? ''} ${unit}${row.p50 === null ? '' : ` p50 ${row.p50} p99 ${row.p99}`}${met === null ? '' : met ? '  (met)' : `  (MISSED: ${text})`}\n`,
    );
  }

  finish(argv) {
    const cells = this.rows.map((row) => [row.name, row.unit, row.value, row.p50, row.p99, row.reach, yesOrNo(row.met)]);
    process.stdout.write(table(['name', 'unit', 'value', 'p50', 'p99', 'reach', 'met'], cells));
    this.save(argv);
  }

  /** Writes the rows and the machine to the file that `--json` names. */
  save(argv, more = {}) {
    const at = argv.indexOf('--json');
    if (at >= 0) writeFileSync(argv[at + 1], `${JSON.stringify({ machine: machine(), ...more, rows: this.rows }, null, 2)}\n`);
  }
}

export const yesOrNo = (met) => (met === null ? '' : met ? 'yes' : 'no');

/** Lines of columns as wide as their widest cell. */
export function table(head, rows) {
  const lines = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

export function machine() {
  return {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: load(),
  };
}

function load() {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
  } catch {
    return null;
  }
}
