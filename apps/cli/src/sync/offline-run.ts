import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../exit-codes.js';
import type { DatasetInput, Metric } from '../mlflow/messages.js';
import { linesAfter, START } from './lines.js';
import { checkedId, metricValue, STATUSES, type LocalRun, type PointFile, type RunEnd, type RunHead } from './local-run.js';

/** The format of docs/cli.md: run.json, and beside it files that only grow. */
export class OfflineRun implements LocalRun {
  readonly log: string;
  readonly artifacts: string;

  constructor(readonly dir: string) {
    this.log = join(dir, 'log.txt');
    this.artifacts = join(dir, 'artifacts');
  }

  async head(): Promise<RunHead> {
    const where = join(this.dir, 'run.json');
    const said = (await jsonOf(where)) ?? {};
    const closed = (await this.end()) !== undefined;
    const [params, tags] = [await this.pairs('params.jsonl', closed), await this.pairs('tags.jsonl', closed)];
    const { name, experiment, user, start_time: startTime, parent, deleted } = said;
    return {
      id: checkedId(said['id'], where),
      name: optional(name, 'name', where),
      experiment: optional(experiment, 'experiment', where) ?? 'Default',
      user: optional(user, 'user', where),
      startTime: millis(startTime, 'start_time', where),
      parent: parent === undefined || parent === null ? undefined : checkedId(parent, where),
      params: { ...texts(said['params'], 'params', where), ...params.found },
      tags: { ...texts(said['tags'], 'tags', where), ...tags.found },
      datasets: datasetsOf(said['datasets'], where),
      deleted: deleted === true,
      faults: [...params.faults, ...tags.faults],
    };
  }

  async end(): Promise<RunEnd | undefined> {
    const where = join(this.dir, 'end.json');
    const said = await jsonOf(where);
    if (!said) return undefined;
    const status = String(said['status'] ?? 'FINISHED').toUpperCase();
    if (!STATUSES.includes(status)) throw new Failure(`${where}: "status" must be one of ${STATUSES.join(', ')}, not ${status}`);
    return { status, endTime: millis(said['end_time'], 'end_time', where) };
  }

  async points(): Promise<readonly PointFile[]> {
    return [{ path: 'metrics.jsonl', parse: pointOf }];
  }

  /** Lines `{"key", "value"}`; a later one counts. */
  private async pairs(file: string, closed: boolean): Promise<Pairs> {
    const pairs: Pairs = { found: {}, faults: [] };
    for await (const { text, n } of linesAfter(join(this.dir, file), START, closed)) {
      if (text.trim() === '') continue;
      try {
        const { key, value } = JSON.parse(text) as { key?: unknown; value?: unknown };
        if (typeof key !== 'string') throw new Error('"key" must be text');
        pairs.found[key] = asText(value);
      } catch (error) {
        const reason = `${(error as Error).message}; write {"key": "…", "value": "…"}`;
        pairs.faults.push({ where: `${join(this.dir, file)} line ${n + 1}`, reason });
      }
    }
    return pairs;
  }
}

interface Pairs {
  readonly found: Record<string, string>;
  readonly faults: { where: string; reason: string }[];
}

function pointOf(line: string): Metric {
  const { key, value, step = 0, timestamp } = JSON.parse(bareNumbers(line)) as Record<string, unknown>;
  if (typeof key !== 'string' || key === '') throw new Error('"key" must be text');
  if (!Number.isSafeInteger(step)) throw new Error('"step" must be an integer');
  if (typeof timestamp !== 'number' || !(timestamp >= 0)) throw new Error('"timestamp" must be milliseconds since 1970');
  return { key, value: metricValue(value), step: step as number, timestamp: Math.round(timestamp) };
}

/** Python's json module writes NaN and Infinity without quotes. */
function bareNumbers(line: string): string {
  return /NaN|Infinity/.test(line)
    ? line.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => (part.startsWith('"') ? part : `"${part}"`))
    : line;
}

async function jsonOf(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Failure(`${path} cannot be read: ${error.message}`);
  });
  if (text === undefined) return undefined;
  try {
    const said = JSON.parse(text) as unknown;
    if (typeof said === 'object' && said !== null && !Array.isArray(said)) return said as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new Failure(`${path} is no JSON object, or is just being written`);
}

function texts(value: unknown, name: string, where: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Failure(`${where}: "${name}" must be an object of keys and values`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asText(each)]));
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function optional(value: unknown, name: string, where: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Failure(`${where}: "${name}" must be text`);
}

function millis(value: unknown, name: string, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0) return Math.round(value);
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(parsed)) return parsed;
  throw new Failure(`${where}: "${name}" must be milliseconds since 1970, or a time like 2026-01-31T12:00:00Z`);
}

function datasetsOf(value: unknown, where: string): DatasetInput[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Failure(`${where}: "datasets" must be a list`);
  return value.map((each) => {
    const { tags, ...dataset } = Object(each) as Record<string, unknown>;
    const pairs = Object.entries(texts(tags, 'datasets.tags', where)).map(([key, text]) => ({ key, value: text }));
    return { tags: pairs, dataset: dataset as DatasetInput['dataset'] };
  });
}
