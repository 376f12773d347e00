import { Args, Flags } from '@oclif/core';
import type { TailraceClient } from '../client/tailrace-client.js';
import { EXIT, Failure } from '../exit-codes.js';
import { clean } from '../output/clean.js';
import type { Paint } from '../output/style.js';
import { renderTable } from '../output/table.js';
import { numberText } from '../output/units.js';
import { until } from '../poll.js';
import { ServerCommand } from './tailrace-command.js';

interface Comparison {
  readonly key: string;
  readonly source: string;
  readonly original: number | null;
  readonly originalText: string | null;
  readonly reproduced: number | null;
  readonly reproducedText: string | null;
  readonly difference: number | null;
  readonly absolute: number;
  readonly points: number;
  readonly firstStep: number | null;
  readonly agrees: boolean | null;
}
interface Reproduction {
  readonly verdict: 'PENDING' | 'AGREES' | 'DISAGREES' | 'NOT_COMPARABLE';
  readonly reason: string | null;
  readonly strict: boolean;
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  readonly metrics: readonly Comparison[];
  readonly weightsEqual: boolean | null;
  readonly differences: readonly {
    readonly part: string;
    readonly key: string;
    readonly original: string | null;
    readonly reproduced: string | null;
  }[];
}
interface Reproduced {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly reproduction: Reproduction;
}

const REPRODUCTION = `verdict reason strict tolerance { absolute relative metrics { key absolute } } weightsEqual createdAt judgedAt
  original { id name } differences { part key original reproduced }
  metrics { key source original originalText reproduced reproducedText difference absolute points firstStep agrees }`;
const START =
  'mutation ($input: ReproduceRunInput!) { reproduceRun(input: $input) { trainingJob { id run { id } } userErrors { code message field } } }';
const READ = `query ($id: ID!) { run(id: $id) { id name status reproduction { ${REPRODUCTION} } } }`;

export class Reproduce extends ServerCommand {
  static override summary = 'Train a run anew, and say whether its metrics come out the same.';
  static override description = `The same version of the data, spec, seed and back end; nothing is registered. Values agree when
|reproduced - original| <= tolerance + relative * |original| (numpy.isclose), at every step where both runs have the same steps, else at the last.
What the two had otherwise is named. Exit code 8 when they do not agree, 6 when the training did not succeed.`;
  static override examples = [
    '<%= config.bin %> reproduce run_0197c2…',
    '<%= config.bin %> reproduce run_0197c2… --tolerance 0.001 --metric test_accuracy=0.02',
  ];
  static override args = { run: Args.string({ description: 'Id of a run of a training job.', required: true }) };
  static override flags = {
    tolerance: Flags.custom<number>({ parse: toNumber })({ description: 'Absolute part of the tolerance; 1e-8 when absent.' }),
    relative: Flags.custom<number>({ parse: toNumber })({ description: 'Relative part of the tolerance; 1e-5 when absent.' }),
    metric: Flags.custom<{ key: string; absolute: number }>({ parse: toMetric })({
      description: 'NAME=TOLERANCE: absolute part for one metric; may be given more than once.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    strict: Flags.boolean({ description: 'Fail rather than train with another code, engine, back end or environment.' }),
    wait: Flags.boolean({ description: 'Wait for the verdict.', default: true, allowNo: true }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 3600, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Reproduce);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const tolerance = { absolute: flags.tolerance, relative: flags.relative, metrics: flags.metric };
    const { trainingJob } = await client.mutate<{ trainingJob: { run: { id: string } } }>(START, {
      runId: args.run,
      tolerance,
      strict: flags.strict,
    });
    const { id } = trainingJob.run;
    printer.say(`run ${id} does it anew`);
    const read = () => reproducedRun(client, id);
    const run = flags.wait
      ? await until(read, ({ reproduction }) => reproduction.verdict !== 'PENDING', flags.timeout, `the verdict on run ${id}`)
      : await read();
    printer.data(run, () => describe(run, printer.paint));
    const { verdict, reason } = run.reproduction;
    if (verdict === 'DISAGREES') throw new Failure(`run ${id} does not agree with ${args.run}`, EXIT.disagrees);
    if (verdict === 'NOT_COMPARABLE')
      throw new Failure(`run ${id} could not be compared: ${clean(reason ?? '')}`, EXIT.runFailed);
  }
}

async function reproducedRun(client: TailraceClient, id: string): Promise<Reproduced> {
  return (await client.query<{ run: Reproduced }>(READ, { id })).run;
}

function describe({ id, reproduction }: Reproduced, paint: Paint): string {
  const { verdict, metrics, differences, weightsEqual, tolerance } = reproduction;
  const table = renderTable(
    ['METRIC', 'MEASURED BY', 'ORIGINAL', 'REPRODUCED', 'DIFFERENCE', 'TOLERANCE', 'POINTS', 'AGREES'],
    metrics.map((m) => [
      m.key,
      m.source,
      m.original === null ? m.originalText : numberText(m.original),
      m.reproduced === null ? m.reproducedText : numberText(m.reproduced),
      m.difference,
      `${m.absolute} + ${tolerance.relative} rel`,
      m.points,
      agreement(m),
    ]),
    paint,
  );
  const otherwise = renderTable(
    ['OTHERWISE', 'WHAT', 'ORIGINAL', 'REPRODUCED'],
    differences.map(({ part, key, original, reproduced }) => [part, key, original, reproduced]),
    paint,
  );
  const weights = { true: 'the weights are equal byte for byte', false: 'the weights differ', null: '' }[String(weightsEqual)];
  return [
    metrics.length > 0 && table,
    differences.length > 0 && otherwise,
    [`${id}  ${verdict}`, weights].filter(Boolean).join('  '),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function agreement({ agrees, firstStep, points }: Comparison): string {
  if (agrees === null) return 'new';
  if (agrees) return 'yes';
  return points > 1 ? `no, from step ${firstStep}` : 'no';
}

async function toNumber(text: string): Promise<number> {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new Failure(`must be a number of 0 or more, such as 0.001, not ${JSON.stringify(text)}`, EXIT.usage);
}

async function toMetric(text: string): Promise<{ key: string; absolute: number }> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new Failure(`must be NAME=TOLERANCE, such as test_accuracy=0.01, not ${JSON.stringify(text)}`, EXIT.usage);
  return { key: text.slice(0, at), absolute: await toNumber(text.slice(at + 1)) };
}
