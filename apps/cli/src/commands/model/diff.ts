import { Args } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, exitCodeOf } from '../../exit-codes.js';
import type { Paint } from '../../output/style.js';
import { renderTable, type TableCell } from '../../output/table.js';
import { numberText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { modelIdOf, versionIdOf } from './queries.js';

interface Difference<T> {
  readonly key: string;
  readonly a: T | null;
  readonly b: T | null;
}
interface File {
  readonly size: number;
  readonly sha256: string;
}
interface Diff {
  readonly metrics: Difference<number>[];
  readonly params: Difference<string>[];
  readonly data: Difference<string>[];
  readonly code: Difference<string>[];
  readonly files: Difference<File>[];
  readonly graph: Difference<number>[];
  readonly bytes: Difference<number>;
  readonly incompatible: string | null;
}

const PARTS = ['metrics', 'params', 'data', 'code', 'files', 'graph', 'bytes'].map((part) => `${part} { key a b }`).join(' ');
const QUERY = `query ($a: ID!, $b: ID!) { modelVersionDiff(a: $a, b: $b) { ${PARTS} incompatible } }`;

const HISTORY = `query ($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Model { stageHistory(first: $first, after: $after) { ${PAGE_INFO}
  edges { node { number version { id } } } } } } }`;

interface Stood {
  readonly number: number;
  readonly version: { readonly id: string } | null;
}

export class ModelDiff extends ServerCommand {
  static override summary = 'Show what tells two versions apart: metrics, parameters, data, code, files, layers, size.';
  static override examples = ['<%= config.bin %> model diff penguins 2 3'];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    a: Args.integer({ description: 'Number of one version.', required: true, min: 1 }),
    b: Args.integer({ description: 'Number of the other.', required: true, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelDiff);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const [a, b] = [await anyVersionIdOf(client, args.name, args.a), await anyVersionIdOf(client, args.name, args.b)];
    const { modelVersionDiff: diff } = await client.query<{ modelVersionDiff: Diff }>(QUERY, { a, b });
    printer.data(diff, () => describe(diff, [`VERSION ${args.a}`, `VERSION ${args.b}`], printer.paint));
  }
}

/** Also of a version that was deleted, which its model's history still names. */
async function anyVersionIdOf(client: TailraceClient, name: string, number: number): Promise<string> {
  try {
    return await versionIdOf(client, name, number);
  } catch (error) {
    const id = exitCodeOf(error) === EXIT.notFound && (await deletedVersionIdOf(client, name, number));
    if (id) return id;
    throw error;
  }
}

async function deletedVersionIdOf(client: TailraceClient, name: string, number: number): Promise<string | undefined> {
  const id = await modelIdOf(client, name);
  const { nodes } = await listNodes<Stood>(client, HISTORY, { id }, Infinity, 'stageHistory');
  return nodes.find((stay) => stay.number === number)?.version?.id;
}

function describe(diff: Diff, heads: readonly [string, string], paint: Paint): string {
  const part = <T>(title: string, rows: readonly Difference<T>[], cell: (value: T) => TableCell) =>
    rows.length > 0 &&
    renderTable(
      [title, ...heads],
      rows.map(({ key, a, b }) => [key, a === null ? null : cell(a), b === null ? null : cell(b)]),
      paint,
    );
  const parts = [
    part('METRIC', diff.metrics, numberText),
    part('PARAMETER', diff.params, String),
    part('DATA', diff.data, String),
    part('CODE', diff.code, String),
    part('FILE', diff.files, ({ size, sha256 }) => `${size} bytes ${sha256.slice(0, 12)}`),
    part('LAYER OR OPERATOR', diff.graph, String),
    part('SIZE', [{ ...diff.bytes, key: 'all files, bytes' }], String),
  ];
  const callers = diff.incompatible && `callers of the first cannot call the second: ${diff.incompatible}`;
  return [...parts, callers].filter(Boolean).join('\n\n');
}
