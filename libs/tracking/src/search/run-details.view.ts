import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LRUCache } from 'lru-cache';
import { selectText } from '#database';
import { hasEnded } from '../model/run.js';
import type { FoundRun } from './run-search.view.js';

export interface DatasetText {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * What hangs on a run. Params, tags and metrics are the items of JSON arrays, made by the server: a page of a thousand runs has tens of thousands of
 * them, and nearly all are written out as they come. `pairsOf` reads them.
 */
export interface RunDetails {
  /** `{"key":…,"value":…}` */
  readonly params: string;
  readonly tags: string;
  /** `{"key":…,"value":…,"timestamp":…,"step":…}` of latest values; NaN and infinities are text. */
  readonly metrics: string;
  readonly datasets: readonly DatasetText[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: string }[];
}

/** Details that are still being read. */
interface Draft {
  params: string;
  tags: string;
  metrics: string;
  readonly datasets: DatasetText[];
  readonly modelInputs: string[];
  readonly modelOutputs: { modelId: string; step: string }[];
}

export const NO_DETAILS: RunDetails = { params: '', tags: '', metrics: '', datasets: [], modelInputs: [], modelOutputs: [] };

/** Keys and values of params, tags or metrics. */
export function pairsOf<T = string>(items: string): Map<string, T> {
  const pairs = JSON.parse(`[${items}]`) as { key: string; value: T }[];
  return new Map(pairs.map(({ key, value }) => [key, value]));
}

/** Rows of each run in turn, by the primary key: `offset 0` keeps the planner from reading whole tables, which it likes before they were analyzed. */
const ofEach = (kind: string, columns: string, from: string) =>
  `select r.run, '${kind}', x.* from unnest($1::int[]) as r(run) cross join lateral (select ${columns} from ${from} offset 0) x`;

const PAIR = `string_agg('{"key":' || to_json(key) || ',"value":' || to_json(value) || '}', ','), null::text`;

/** Where several wrote under one key, the platform's figure stands before an attempt's, and that before a client's. */
const METRICS = `(select distinct on (key) key, value, ts, step from metric_latest where run = r.run order by key desc, source desc) l join metric_key k on k.id = l.key`;
const METRIC = `string_agg('{"key":' || to_json(k.name) || ',"value":'
  || case when l.value > '-Infinity' and l.value < 'Infinity' then l.value::text else '"' || l.value || '"' end
  || ',"timestamp":' || l.ts || ',"step":' || l.step || '}', ','), null::text`;

const DATASET = `json_build_object('name', d.name, 'digest', d.digest, 'sourceType', d.source_type, 'source', d.source, 'schema', d.schema,
  'profile', d.profile, 'tags', y.tags)::text, null::text`;

const DETAILS = [
  ofEach('p', PAIR, 'run_param where run = r.run'),
  ofEach('t', PAIR, 'run_tag where run = r.run'),
  ofEach('m', METRIC, METRICS),
  ofEach('i', 'model_id, step::text', `run_model where run = r.run and direction = 'input'`),
  ofEach('o', 'model_id, step::text', `run_model where run = r.run and direction = 'output'`),
  ofEach('d', DATASET, 'run_dataset y join logged_dataset d on d.id = y.dataset_id where y.run = r.run'),
].join(' union all ');

interface Kept {
  readonly revision: number;
  readonly details: RunDetails;
}

/** Bytes of details of ended runs that a process keeps at hand: some ten thousand runs. */
const KEPT_BYTES = 32 * 2 ** 20;

/**
 * Everything that a list or a page of runs shows of them, in one statement for all. Those of runs that have ended are kept at hand, by their revision, which the
 * caller has just read: a run's details are read after it, so that they are never older than the revision they are kept under.
 */
@Injectable()
export class RunDetailsView {
  private readonly kept = new LRUCache<number, Kept>({ maxSize: KEPT_BYTES, sizeCalculation: sizeOf });

  constructor(private readonly dataSource: DataSource) {}

  /** By the run's number; each that is asked for is there. */
  async byRuns(runs: readonly SeenRun[]): Promise<Map<number, RunDetails>> {
    const found = new Map<number, RunDetails>();
    const missing: SeenRun[] = [];
    for (const run of runs) {
      const kept = hasEnded(run.status) ? this.kept.get(run.num) : undefined;
      if (kept?.revision === run.revision) found.set(run.num, kept.details);
      else missing.push(run);
    }
    const read = await this.read(missing.map(({ num }) => num));
    for (const { num, status, revision } of missing) {
      const details = read.get(num)!;
      found.set(num, details);
      if (hasEnded(status)) this.kept.set(num, { revision, details });
    }
    return found;
  }

  private async read(runs: readonly number[]): Promise<Map<number, RunDetails>> {
    const found = new Map<number, Draft>(
      runs.map((run) => [run, { ...NO_DETAILS, datasets: [], modelInputs: [], modelOutputs: [] }]),
    );
    if (runs.length === 0) return found;
    for (const [run, kind, text, more] of await selectText(this.dataSource, DETAILS, [runs]))
      if (text !== null) put(found.get(Number(run))!, kind!, text!, more ?? '0');
    return found;
  }
}

/** What a statement said of a run before its details are read. */
type SeenRun = Pick<FoundRun, 'num' | 'status' | 'revision'>;

/** About how many bytes details take; their texts are nearly all ASCII. */
function sizeOf({ details }: Kept): number {
  const { params, tags, metrics, datasets, modelInputs, modelOutputs } = details;
  const sets = datasets.reduce(
    (sum, set) => sum + 500 + set.source.length + (set.schema?.length ?? 0) + (set.profile?.length ?? 0),
    0,
  );
  return 400 + params.length + tags.length + metrics.length + sets + 100 * (modelInputs.length + modelOutputs.length);
}

function put(details: Draft, kind: string, text: string, step: string): void {
  switch (kind) {
    case 'p':
      return void (details.params = text);
    case 't':
      return void (details.tags = text);
    case 'm':
      return void (details.metrics = text);
    case 'i':
      return void details.modelInputs.push(text);
    case 'o':
      return void details.modelOutputs.push({ modelId: text, step });
    default:
      return void details.datasets.push(JSON.parse(text) as DatasetText);
  }
}
