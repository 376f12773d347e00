import { Args, Flags } from '@oclif/core';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { InferAnswer } from '../client/tailrace-client.js';
import { EXIT, Failure } from '../exit-codes.js';
import { renderTable } from '../output/table.js';
import { numberText } from '../output/units.js';
import { inferRequest, type ModelMetadata } from '../predict/infer-request.js';
import { parseRows } from '../predict/rows.js';
import { ServerCommand } from './tailrace-command.js';

type Value = string | number | boolean | null;

/** Raw rows in, predictions out; preparation is part of the model. */
export class Predict extends ServerCommand {
  static override summary = 'Predict rows with an endpoint.';
  static override description =
    'Rows are CSV with a header, or a JSON array of objects; a missing value is an empty cell or null.';
  static override examples = [
    '<%= config.bin %> predict penguins --data rows.csv',
    '<%= config.bin %> predict penguins --json < rows.json',
  ];
  static override args = { endpoint: Args.string({ description: 'Name of the endpoint.', required: true }) };
  static override flags = { data: Flags.string({ description: 'File, or - for stdin.', default: '-' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Predict);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const rows = parseRows(await contentOf(flags.data));
    const metadata = (await (await client.send(`/v2/models/${encodeURIComponent(args.endpoint)}`, {})).json()) as ModelMetadata;
    const { request, unused } = inferRequest(metadata, rows);
    if (unused.length > 0) printer.say(`columns that the model does not use: ${unused.join(', ')}`);
    const answer = await client.infer(args.endpoint, request);
    const predictions = predictionsOf(answer, rows.length);
    const predictionId = answer.parameters.prediction_id;
    printer.data({ endpoint: answer.model_name, modelVersion: answer.model_version, predictionId, predictions }, () =>
      tableOf(predictions),
    );
    printer.say(
      `prediction ${predictionId} by version ${answer.model_version}; what it rests on: tailrace lineage ${predictionId}`,
    );
  }
}

async function contentOf(data: string): Promise<string> {
  if (data === '-') return text(process.stdin);
  return readFile(data, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`${data} cannot be read (${error.code})`, EXIT.notFound);
  });
}

/** One object a row: a value where the output has one a row, else an array. */
function predictionsOf({ outputs }: InferAnswer, rows: number): Record<string, Value | Value[]>[] {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      outputs.map(({ name, data }) => {
        const each = data.length / rows;
        return [name, each === 1 ? data[row]! : data.slice(row * each, (row + 1) * each)];
      }),
    ),
  );
}

function tableOf(predictions: readonly Record<string, Value | Value[]>[]): string {
  const names = Object.keys(predictions[0] ?? {});
  const shown = (value: Value | Value[] | undefined): string | number =>
    Array.isArray(value) ? value.map(shown).join(' ') : typeof value === 'number' ? numberText(value) : String(value);
  return renderTable(
    ['ROW', ...names.map((name) => name.toUpperCase())],
    predictions.map((prediction, row) => [row + 1, ...names.map((name) => shown(prediction[name]))]),
  );
}
