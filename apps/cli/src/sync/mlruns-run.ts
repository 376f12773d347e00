import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../exit-codes.js';
import type { Metric } from '../mlflow/messages.js';
import { checkedId, metricValue, type LocalRun, type PointFile, type RunEnd, type RunHead } from './local-run.js';

const STATUS = ['', 'RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const [NAME, PARENT] = ['mlflow.runName', 'mlflow.parentRunId'];
const MAX_DEPTH = 10;

/** A run in the folders of MLflow's file store: `mlruns/<experiment>/<run>/{meta.yaml,metrics,params,tags,artifacts}`. */
export class MlrunsRun implements LocalRun {
  readonly artifacts: string;

  constructor(readonly dir: string) {
    this.artifacts = join(dir, 'artifacts');
  }

  async head(): Promise<RunHead> {
    const where = join(this.dir, 'meta.yaml');
    const meta = await metaOf(where);
    const { [NAME]: tagged, [PARENT]: parent, ...tags } = await this.values('tags');
    const experiment = (await metaOf(join(dirname(this.dir), 'meta.yaml')))['name'];
    if (!experiment) throw new Failure(`${join(dirname(this.dir), 'meta.yaml')} names no experiment`);
    return {
      id: checkedId(meta['run_id'] ?? meta['run_uuid'], where),
      name: meta['run_name'] || tagged,
      experiment,
      user: meta['user_id'],
      startTime: whole(meta['start_time']),
      parent: parent ? checkedId(parent, where) : undefined,
      params: await this.values('params'),
      tags,
      datasets: [],
      deleted: meta['lifecycle_stage'] === 'deleted',
      faults: [],
    };
  }

  async end(): Promise<RunEnd | undefined> {
    const meta = await metaOf(join(this.dir, 'meta.yaml'));
    const status = STATUS[Number(meta['status'])] ?? meta['status'] ?? '';
    if (!['FINISHED', 'FAILED', 'KILLED'].includes(status)) return undefined;
    return { status, endTime: whole(meta['end_time']) };
  }

  async points(): Promise<readonly PointFile[]> {
    const keys = await filesBelow(join(this.dir, 'metrics'));
    return keys.map((key) => ({ path: `metrics/${key}`, parse: (line) => pointOf(key, line) }));
  }

  /** A file for each key, whose text is the value. */
  private async values(folder: 'params' | 'tags'): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const key of await filesBelow(join(this.dir, folder))) found[key] = await readFile(join(this.dir, folder, key), 'utf8');
    return found;
  }
}

/** `timestamp value step`, or of old versions without the step; with a data set, its name and digest follow. */
export function pointOf(key: string, line: string): Metric {
  const [timestamp, value, step = '0'] = line.trim().split(' ');
  if (!/^\d+$/.test(timestamp ?? '') || !/^-?\d+$/.test(step)) throw new Error('a line must be "timestamp value step"');
  return { key, value: metricValue(value), timestamp: Number(timestamp), step: Number(step) };
}

/** The simple YAML that MLflow writes: a key and a plain or quoted text on each line. */
export function yamlFacts(text: string): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, key, value = ''] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key && value !== 'null' && value !== '~' && value !== '') facts[key] = unquoted(value);
  }
  return facts;
}

function unquoted(value: string): string {
  if (/^'.*'$/s.test(value)) return value.slice(1, -1).replaceAll("''", "'");
  if (!/^".*"$/s.test(value)) return value;
  try {
    return JSON.parse(value.replace(/\\x([0-9a-fA-F]{2})/g, '\\u00$1')) as string;
  } catch {
    return value.slice(1, -1);
  }
}

async function metaOf(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${path} cannot be read: ${error.message}`);
  });
  return yamlFacts(text);
}

/** Paths of plain files below a folder, which is how a key with slashes is kept. */
async function filesBelow(dir: string, prefix = '', depth = 0): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => entry.isFile()).map((entry) => prefix + entry.name);
  for (const entry of entries.filter((one) => one.isDirectory() && depth < MAX_DEPTH))
    found.push(...(await filesBelow(join(dir, entry.name), `${prefix}${entry.name}/`, depth + 1)));
  return found.sort();
}

function whole(text: string | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}
