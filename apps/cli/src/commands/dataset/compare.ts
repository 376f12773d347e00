import { Args, Flags } from '@oclif/core';
import { USER_ERRORS, type TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import type { Paint } from '../../output/style.js';
import { renderTable } from '../../output/table.js';
import { numberText } from '../../output/units.js';
import { until } from '../../poll.js';
import { ServerCommand } from '../tailrace-command.js';
import { versionIdOf, versionNamed } from './queries.js';

interface Report {
  readonly against: string;
  readonly mode: 'appended' | 'whole';
  readonly added: number;
  readonly removed: number;
  readonly drifted: boolean;
  readonly worst: { readonly column: string; readonly psi: number } | null;
  readonly columns: readonly {
    readonly name: string;
    readonly test: string;
    readonly statistic: number | null;
    readonly q: number | null;
    readonly psi: number | null;
    readonly drifted: boolean;
    readonly message: string;
  }[];
}

const PARENT = 'query ($id: ID!) { datasetVersion(id: $id) { parent { id number } } }';
const COMPARE = `mutation ($input: CompareDatasetVersionsInput!) { compareDatasetVersions(input: $input) { datasetVersion { id } ${USER_ERRORS} } }`;
const READ = `query ($versionId: ID!, $againstId: ID!) { datasetComparisons(versionId: $versionId, againstId: $againstId) {
  against mode added removed drifted worst { column psi } columns { name test statistic p q psi reference current drifted message } } }`;

export class DatasetCompare extends ServerCommand {
  static override summary =
    'Compare a version of a data set with its parent, or with any other: what has drifted, column by column.';
  static override examples = [
    '<%= config.bin %> dataset compare penguins@3',
    '<%= config.bin %> dataset compare penguins@3 --against penguins@1',
  ];
  static override args = { version: Args.string({ description: 'NAME@NUMBER.', required: true }) };
  static override flags = {
    against: Flags.string({ description: 'NAME@NUMBER of the other one; the parent when absent.' }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 600, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DatasetCompare);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const versionId = await idOf(client, args.version);
    const againstId = flags.against ? await idOf(client, flags.against) : await parentOf(client, versionId, args.version);
    await client.mutate(COMPARE, { versionId, againstId });
    const report = await reported(client, { versionId, againstId }, flags.timeout, () => printer.progress('comparing …'));
    printer.data(report, () => table(report, printer.paint));
    printer.say(summary(report));
  }
}

function idOf(client: TailraceClient, text: string): Promise<string> {
  const { name, number } = versionNamed(text);
  return versionIdOf(client, name, number);
}

async function parentOf(client: TailraceClient, id: string, text: string): Promise<string> {
  const { datasetVersion } = await client.query<{ datasetVersion: { parent: { id: string } | null } }>(PARENT, { id });
  if (datasetVersion.parent) return datasetVersion.parent.id;
  throw new Failure(`${text} has no parent; name another version with --against`, EXIT.usage);
}

async function reported(
  client: TailraceClient,
  versions: { versionId: string; againstId: string },
  seconds: number,
  tick: () => void,
): Promise<Report> {
  const ask = async () => {
    tick();
    return (await client.query<{ datasetComparisons: Report[] }>(READ, versions)).datasetComparisons[0];
  };
  return (await until(ask, (report) => report !== undefined, seconds, 'the comparison'))!;
}

function table({ columns }: Report, paint: Paint): string {
  return renderTable(
    ['COLUMN', 'DRIFTED', 'PSI', 'TEST', 'STATISTIC', 'Q', 'SEEN'],
    columns.map((c) => [
      c.name,
      c.drifted ? 'yes' : 'no',
      numberText(c.psi),
      c.test,
      numberText(c.statistic),
      numberText(c.q),
      c.message,
    ]),
    paint,
  );
}

function summary({ mode, added, removed, drifted, worst }: Report): string {
  const rows = mode === 'appended' ? `${added} rows were added` : `${added} rows are new and ${removed} are gone`;
  const most = worst ? `; ${worst.column} differs most (PSI ${numberText(worst.psi)})` : '';
  return `${drifted ? 'drifted' : 'no drift'}: ${rows}${most}`;
}
