import { Args, Flags } from '@oclif/core';
import { stat } from 'node:fs/promises';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { uploadFile } from '../../client/upload-file.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';
import { bytesText } from '../../output/units.js';
import { until } from '../../poll.js';
import { ServerCommand } from '../tailrace-command.js';
import { findingText, VERSION, type DatasetVersion } from './queries.js';

const CREATE =
  'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { code message field } } }';
const CREATE_VERSION = `mutation ($input: CreateDatasetVersionInput!) { createDatasetVersion(input: $input) {
  created datasetVersion { ${VERSION} } userErrors { code message field } } }`;
const READ = `query ($id: ID!) { datasetVersion(id: $id) { ${VERSION} } }`;

/** From a file to a checked version, in one step. */
export class DatasetUpload extends ServerCommand {
  static override summary = 'Upload a CSV or Parquet file as a new version of a data set, and wait for its check.';
  static override description =
    'The data set is made when it is missing. Content that the server holds is not sent again. Exit code 1 when the version is INVALID.';
  static override examples = [
    '<%= config.bin %> dataset upload penguins penguins.csv',
    '<%= config.bin %> dataset upload sales sales.parquet --project /shop --no-wait',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the data set.', required: true }),
    file: Args.string({ description: 'File.', required: true }),
  };
  static override flags = {
    project: Flags.string({ description: 'Project path of a data set that is made.' }),
    description: Flags.string({ description: 'Description of a data set that is made.' }),
    format: Flags.string({ description: 'Format; by the name of the file when absent.', options: ['csv', 'parquet'] }),
    wait: Flags.boolean({ description: 'Wait for the check.', default: true, allowNo: true }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 600, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DatasetUpload);
    const printer = this.printer(flags);
    const size = await sizeOf(args.file);
    const client = this.connect(flags);
    const datasetId = await ensureDataset(client, args.name, flags);
    const tick = (done: number) => printer.progress(`uploading ${bytesText(done)} of ${bytesText(size)} …`);
    tick(0);
    const { sha256, sent } = await uploadFile(client, args.file, tick);
    const format = (flags.format ?? (/\.parquet$/i.test(args.file) ? 'parquet' : 'csv')).toUpperCase();
    const made = await client.mutate<{ created: boolean; datasetVersion: DatasetVersion }>(CREATE_VERSION, {
      datasetId,
      blob: sha256,
      format,
    });
    const number = made.datasetVersion.number;
    printer.say(
      `${args.name} version ${number}: ${made.created ? `${bytesText(size)} ${sent ? 'sent' : 'known already, not sent again'}` : 'this content is its newest version already'}`,
    );
    const version = flags.wait
      ? await this.checked(client, made.datasetVersion, flags.timeout, () => printer.progress('checking …'))
      : made.datasetVersion;
    printer.data({ dataset: args.name, datasetId, created: made.created, sent, ...version }, () => summary(args.name, version));
    if (version.state === 'INVALID')
      throw new Failure(`${args.name} version ${number} is INVALID: ${clean(version.reason ?? 'see the findings')}`);
  }

  private checked(
    client: TailraceClient,
    { id, number }: DatasetVersion,
    seconds: number,
    tick: () => void,
  ): Promise<DatasetVersion> {
    const ask = async () => {
      tick();
      return (await client.query<{ datasetVersion: DatasetVersion }>(READ, { id })).datasetVersion;
    };
    return until(ask, (version) => version.state !== 'PENDING', seconds, `the check of version ${number}`);
  }
}

function summary(name: string, { number, state, profile, findings }: DatasetVersion): string {
  const rows = profile ? `  ${profile.rows} rows, ${profile.columns.length} columns` : '';
  return [`${name} version ${number}  ${state}${rows}`, ...findings.map((finding) => `  ${clean(findingText(finding))}`)].join(
    '\n',
  );
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return found.size;
  throw new Failure(`${file} is ${found ? 'no file' : 'not there'}; give the path of a CSV or Parquet file`, EXIT.notFound);
}

async function ensureDataset(
  client: TailraceClient,
  name: string,
  flags: { project?: string; description?: string },
): Promise<string> {
  const { dataset } = await client.query<{ dataset: { id: string } | null }>(
    'query ($name: String!) { dataset(name: $name) { id } }',
    { name },
  );
  if (dataset) return dataset.id;
  const input = { name, project: flags.project, description: flags.description };
  return (await client.mutate<{ dataset: { id: string } }>(CREATE, input)).dataset.id;
}
