import { Args } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { sparkline } from '../../output/sparkline.js';
import type { Paint } from '../../output/style.js';
import { renderFacts, renderTable } from '../../output/table.js';
import { bytesText, durationText, numberText, timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { curvesOf, durationOf, RUN, type Point, type RunRow } from './queries.js';

interface FullRun extends RunRow {
  readonly params: { key: string; value: string }[];
  readonly tags: { key: string; value: string }[];
  readonly curve: Point[];
  readonly artifacts: { path: string; blob: string; size: string }[];
  readonly datasetVersions: { id: string; number: number; state: string; dataset: { name: string } }[];
}

const QUERY = `query ($id: ID!) { run(id: $id) { ${RUN} params { key value } tags { key value } curve { key step value timestamp attempt }
  artifacts { path blob size } datasetVersions { id number state dataset { name } } } }`;

export class RunShow extends ServerCommand {
  static override summary = 'Show a run: parameters, tags, metrics and who measured them, curves, artifacts.';
  static override examples = ['<%= config.bin %> run show run_0197c2…'];
  static override args = { id: Args.string({ description: 'Id of the run.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow);
    const printer = this.printer(flags);
    const { run } = await this.connect(flags).query<{ run: FullRun | null }>(QUERY, { id: args.id });
    if (!run) throw new Failure(`there is no run ${args.id}; \`tailrace run list\` shows ids`, EXIT.notFound);
    printer.data(run, () => describe(run, printer.paint));
  }
}

function describe(run: FullRun, paint: Paint): string {
  const { id, name, status, experiment, startedAt } = run;
  const data = run.datasetVersions.map(dataText).join(', ');
  const facts = renderFacts({
    run: name,
    id,
    experiment: experiment.name,
    status,
    started: timeText(startedAt),
    took: durationText(durationOf(run)),
    data: data || undefined,
  });
  const section = (title: string, head: string[], rows: (string | number)[][]) =>
    rows.length > 0 && `${title}\n${renderTable(head, rows, paint)}`;
  const pairs = (items: readonly { key: string; value: string }[]) => items.map(({ key, value }) => [key, value]);
  return [
    facts,
    section('parameters', ['NAME', 'VALUE'], pairs(run.params)),
    section('tags', ['NAME', 'VALUE'], pairs(run.tags)),
    section(
      'metrics',
      ['NAME', 'VALUE', 'STEP', 'MEASURED BY'],
      run.metrics.map((m) => [m.key, m.value === null ? m.text : numberText(m.value), m.step, m.source]),
    ),
    section('curves', ['NAME', 'POINTS', 'FIRST', 'LAST', ''], curveRows(run.curve)),
    section(
      'artifacts',
      ['PATH', 'SIZE', 'SHA-256'],
      run.artifacts.map(({ path, size, blob }) => [path, bytesText(Number(size)), blob]),
    ),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function dataText({ dataset, number, state }: FullRun['datasetVersions'][number]): string {
  return `${dataset.name} version ${number}${state === 'VALIDATED' ? '' : ` (${state})`}`;
}

function curveRows(points: readonly Point[]): (string | number)[][] {
  const curves = [...curvesOf(points)].filter(([, curve]) => curve.length > 1);
  return curves.map(([key, curve]) => [
    key,
    curve.length,
    numberText(curve[0]!.value),
    numberText(curve.at(-1)!.value),
    sparkline(curve.map(({ value }) => value)),
  ]);
}
