import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { selectText } from '#database';
import { MetricKeys } from './metric-keys.view.js';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Latest value of a metric, in the server's own text: numbers are written out again far more often than they are computed with. */
export interface MetricText {
  readonly key: string;
  readonly value: string;
  readonly timestamp: string;
  readonly step: string;
}

export interface DatasetText {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** What hangs on a run. */
export interface RunDetails {
  readonly params: KeyValue[];
  readonly tags: KeyValue[];
  readonly metrics: MetricText[];
  readonly datasets: DatasetText[];
  readonly modelInputs: string[];
  readonly modelOutputs: { readonly modelId: string; readonly step: string }[];
}

type Row = readonly [
  run: string,
  kind: string,
  key: string,
  value: string,
  timestamp: string,
  step: string,
  source: string | null,
];

/** Rows of each run in turn, by the primary key: `offset 0` keeps the planner from reading whole tables, which it likes before they were analyzed. */
const ofEach = (columns: string, from: string) =>
  `select r.run, x.* from unnest($1::int[]) as r(run) cross join lateral (select ${columns} from ${from} = r.run offset 0) x`;

const DETAILS = [
  ofEach(`'p', key, value, null::text, null::text, null::text`, 'run_param where run'),
  ofEach(`'t', key, value, null, null, null`, 'run_tag where run'),
  ofEach(`'m', key::text, value::text, ts::text, step::text, source::text`, 'metric_latest where run'),
  ofEach(`case direction when 'input' then 'i' else 'o' end, model_id, null, null, step::text, null`, 'run_model where run'),
  ofEach(
    `'d', d.id, json_build_object('name', d.name, 'digest', d.digest, 'sourceType', d.source_type, 'source', d.source, 'schema', d.schema,
      'profile', d.profile, 'tags', y.tags)::text, null, null, null`,
    'run_dataset y join logged_dataset d on d.id = y.dataset_id where y.run',
  ),
].join(' union all ');

/** Everything that a list or a page of runs shows of them, in one statement for all. */
@Injectable()
export class RunDetailsView {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** By the run's number; each number asked for is there. */
  async byRuns(runs: readonly number[]): Promise<Map<number, RunDetails>> {
    const found = new Map<number, RunDetails>(runs.map((run) => [run, empty()]));
    if (runs.length === 0) return found;
    const rows = (await selectText(this.dataSource, DETAILS, [runs])) as unknown as Row[];
    const nameOf = await this.keys.names(new Set(rows.filter((row) => row[1] === 'm').map((row) => Number(row[2]))));
    const later: Row[] = [];
    for (const row of rows) {
      if (row[1] === 'm' && row[6] !== '0') later.push(row);
      else put(found.get(Number(row[0]))!, row, nameOf);
    }
    // Where several wrote under one key, the platform's figure stands before an attempt's, and that before a client's.
    later.sort((a, b) => Number(a[6]) - Number(b[6]));
    for (const row of later) replace(found.get(Number(row[0]))!.metrics, metricOf(row, nameOf));
    return found;
  }
}

const empty = (): RunDetails => ({ params: [], tags: [], metrics: [], datasets: [], modelInputs: [], modelOutputs: [] });

const metricOf = ([, , key, value, timestamp, step]: Row, nameOf: (id: number) => string): MetricText => ({
  key: nameOf(Number(key)),
  value,
  timestamp,
  step,
});

function replace(metrics: MetricText[], metric: MetricText): void {
  const at = metrics.findIndex(({ key }) => key === metric.key);
  if (at < 0) metrics.push(metric);
  else metrics[at] = metric;
}

function put(details: RunDetails, row: Row, nameOf: (id: number) => string): void {
  const [, kind, key, value, , step] = row;
  switch (kind) {
    case 'p':
      return void details.params.push({ key, value });
    case 't':
      return void details.tags.push({ key, value });
    case 'm':
      return void details.metrics.push(metricOf(row, nameOf));
    case 'i':
      return void details.modelInputs.push(key);
    case 'o':
      return void details.modelOutputs.push({ modelId: key, step });
    default:
      return void details.datasets.push(JSON.parse(value) as DatasetText);
  }
}
