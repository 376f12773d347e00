import { Args, Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';
import type { Paint } from '../../output/style.js';
import { renderFacts, renderTable } from '../../output/table.js';
import { bytesText, numberText, timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { findingText, VERSION, type ColumnProfile, type DatasetVersion } from './queries.js';

const DATASET = 'query ($name: String!) { dataset(name: $name) { id name project description createdAt } }';
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { datasetVersions(where: { datasetId: $id }, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { ${VERSION} } } } }`;

type Dataset = {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly description: string;
  readonly createdAt: string;
};

export class DatasetShow extends ServerCommand {
  static override summary = 'Show a data set: its versions, and the statistics of the columns of one.';
  static override examples = ['<%= config.bin %> dataset show penguins', '<%= config.bin %> dataset show penguins --version 2'];
  static override args = { name: Args.string({ description: 'Name of the data set.', required: true }) };
  static override flags = {
    ...firstFlag,
    version: Flags.integer({ description: 'Version whose columns are shown; the newest when absent.', min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DatasetShow);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const { dataset } = await client.query<{ dataset: Dataset | null }>(DATASET, { name: args.name });
    if (!dataset)
      throw new Failure(
        `there is no data set ${JSON.stringify(args.name)}; \`tailrace dataset list\` shows those that are`,
        EXIT.notFound,
      );
    const { nodes: versions, more } = await listNodes<DatasetVersion>(
      client,
      VERSIONS,
      { id: dataset.id },
      flags.version ? Infinity : flags.first,
    );
    const shown = flags.version ? versions.find((version) => version.number === flags.version) : versions[0];
    if (flags.version && !shown) throw new Failure(`${args.name} has no version ${flags.version}`, EXIT.notFound);
    printer.data({ ...dataset, versions }, () => describe(dataset, versions, shown, printer.paint));
    sayMore(printer, more, versions.length);
  }
}

function describe(
  dataset: Dataset,
  versions: readonly DatasetVersion[],
  shown: DatasetVersion | undefined,
  paint: Paint,
): string {
  const facts = renderFacts({
    name: dataset.name,
    id: dataset.id,
    project: dataset.project,
    description: dataset.description || undefined,
    created: timeText(dataset.createdAt),
  });
  const list = renderTable(
    ['VERSION', 'STATE', 'FORMAT', 'SIZE', 'ROWS', 'FINDINGS', 'CREATED', 'ID'],
    versions.map((v) => [
      v.number,
      v.state,
      v.format,
      bytesText(Number(v.size)),
      v.profile?.rows,
      v.findings.length,
      timeText(v.createdAt),
      v.id,
    ]),
    paint,
  );
  const why = shown?.reason && `version ${shown.number} is ${shown.state}: ${clean(shown.reason)}`;
  const columns = shown?.profile && `columns of version ${shown.number}\n${columnTable(shown.profile.columns, paint)}`;
  const findings =
    shown?.findings.length &&
    `findings of version ${shown.number}\n${shown.findings.map((finding) => clean(findingText(finding))).join('\n')}`;
  return [facts, list, why, columns, findings].filter(Boolean).join('\n\n');
}

function columnTable(columns: readonly ColumnProfile[], paint: Paint): string {
  return renderTable(
    ['COLUMN', 'TYPE', 'MISSING', 'DISTINCT', 'MIN', 'MEDIAN', 'MEAN', 'STD', 'MAX', 'MOST FREQUENT'],
    columns.map((c) => [
      c.name,
      c.type,
      c.missing,
      c.distinct,
      numberText(c.min),
      numberText(c.median),
      numberText(c.mean),
      numberText(c.std),
      numberText(c.max),
      c.top
        ?.slice(0, 3)
        .map(({ value, count }) => `${value} (${count})`)
        .join(', ') ?? '-',
    ]),
    paint,
  );
}
