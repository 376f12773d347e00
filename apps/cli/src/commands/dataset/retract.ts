import { Args, Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';
import { ServerCommand } from '../tailrace-command.js';
import { VERSION, type DatasetVersion } from './queries.js';

const DATASET = 'query ($name: String!) { dataset(name: $name) { id } }';
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { datasetVersions(where: { datasetId: $id }, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { id number } } } }`;
const RETRACT = `mutation ($input: RetractDatasetVersionInput!) { retractDatasetVersion(input: $input) {
  datasetVersion { ${VERSION} } userErrors { code message field } } }`;

export class DatasetRetract extends ServerCommand {
  static override summary = 'Withdraw a version of a data set: nothing new trains on it or is judged by it.';
  static override description =
    'What runs goes on, and the content stays. `tailrace lineage impact` and `tailrace lineage invalid` say what rests on it.';
  static override examples = ['<%= config.bin %> dataset retract penguins@2 --reason "the labels were swapped"'];
  static override args = { version: Args.string({ description: 'NAME@NUMBER.', required: true }) };
  static override flags = { reason: Flags.string({ description: 'Why, in 10 characters or more.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DatasetRetract);
    const client = this.connect(flags);
    const { name, number } = versionNamed(args.version);
    const versionId = await versionIdOf(client, name, number);
    const { datasetVersion: version } = await client.mutate<{ datasetVersion: DatasetVersion }>(RETRACT, {
      versionId,
      reason: flags.reason,
    });
    this.printer(flags).data(
      { dataset: name, ...version },
      () => `${clean(name)} version ${number}  ${version.state}: ${clean(version.reason ?? '')}`,
    );
  }
}

function versionNamed(text: string): { name: string; number: number } {
  const [, name, number] = /^(.+)@(\d{1,9})$/.exec(text) ?? [];
  if (name) return { name, number: Number(number) };
  throw new Failure(`must be NAME@NUMBER, such as penguins@2, not ${JSON.stringify(text)}`, EXIT.usage);
}

async function versionIdOf(client: TailraceClient, name: string, number: number): Promise<string> {
  const { dataset } = await client.query<{ dataset: { id: string } | null }>(DATASET, { name });
  if (!dataset)
    throw new Failure(
      `there is no data set ${JSON.stringify(name)}; \`tailrace dataset list\` shows those that are`,
      EXIT.notFound,
    );
  const { nodes } = await listNodes<{ id: string; number: number }>(client, VERSIONS, { id: dataset.id });
  const found = nodes.find((version) => version.number === number);
  if (found) return found.id;
  throw new Failure(`${name} has no version ${number}; \`tailrace dataset show ${name}\` lists them`, EXIT.notFound);
}
