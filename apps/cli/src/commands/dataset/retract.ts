import { Args, Flags } from '@oclif/core';
import { clean } from '../../output/clean.js';
import { ServerCommand } from '../tailrace-command.js';
import { VERSION, versionIdOf, versionNamed, type DatasetVersion } from './queries.js';

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
