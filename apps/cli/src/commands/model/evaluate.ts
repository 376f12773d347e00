import { Args, Flags } from '@oclif/core';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderTable } from '../../output/table.js';
import { numberText } from '../../output/units.js';
import { until } from '../../poll.js';
import { versionIdOf as dataVersionIdOf, versionNamed } from '../dataset/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { versionIdOf } from './queries.js';

interface Evaluation {
  readonly id: string;
  readonly state: 'REQUESTED' | 'DONE' | 'FAILED';
  readonly reason: string | null;
  readonly version: { measured: { key: string; value: number }[] };
}

const EVALUATION = 'id state reason version { measured { key value } }';
const ASK = `mutation ($input: EvaluateModelVersionInput!) { evaluateModelVersion(input: $input) { evaluation { ${EVALUATION} } userErrors { code message field } } }`;
const READ = `query ($id: ID!) { node(id: $id) { ... on ModelEvaluation { ${EVALUATION} } } }`;
const list = (text: string | undefined) => text?.split(',').map((name) => name.trim());

export class ModelEvaluate extends ServerCommand {
  static override summary =
    'Measure a version on its own files: what the platform trained on its own test rows, an ONNX model of others on a data set version.';
  static override examples = [
    '<%= config.bin %> model evaluate penguins 3',
    '<%= config.bin %> model evaluate churn-sklearn 1 --on customers@4 --label churned',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };
  static override flags = {
    on: Flags.string({ description: 'Data set version, as name@number.', dependsOn: ['label'] }),
    label: Flags.string({ description: 'Column with the truth.', dependsOn: ['on'] }),
    features: Flags.string({
      description: 'Columns in the order of a model with one input, separated by commas.',
      dependsOn: ['on'],
    }),
    classes: Flags.string({
      description: "Names of the classes in the order of the model's scores, separated by commas.",
      dependsOn: ['on'],
    }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 900, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelEvaluate);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const { evaluation } = await client.mutate<{ evaluation: Evaluation }>(ASK, {
      versionId: await versionIdOf(client, args.name, args.version),
      datasetVersionId: flags.on && (await dataOf(client, flags.on)),
      label: flags.label,
      features: list(flags.features),
      classes: list(flags.classes),
    });
    const ended = await done(client, evaluation.id, flags.timeout, () => printer.progress('measuring …'));
    if (ended.state === 'FAILED')
      throw new Failure(`version ${args.version} could not be measured: ${ended.reason}`, EXIT.refused);
    const { measured } = ended.version;
    printer.data({ id: ended.id, measured }, () =>
      renderTable(
        ['FIGURE', 'VALUE'],
        measured.map(({ key, value }) => [key, numberText(value)]),
        printer.paint,
      ),
    );
  }
}

function dataOf(client: TailraceClient, on: string): Promise<string> {
  const { name, number } = versionNamed(on);
  return dataVersionIdOf(client, name, number);
}

function done(client: TailraceClient, id: string, seconds: number, tick: () => void): Promise<Evaluation> {
  const ask = async () => {
    tick();
    return (await client.query<{ node: Evaluation }>(READ, { id })).node;
  };
  return until(ask, ({ state }) => state !== 'REQUESTED', seconds, 'the evaluation');
}
