import { Flags } from '@oclif/core';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environment } from '#config';
import { Failure } from '../../exit-codes.js';
import type { ImportContext, Side } from '../../import/context.js';
import { importAll, KINDS } from '../../import/importer.js';
import { sourceAccess } from '../../import/source-access.js';
import { MlflowFiles } from '../../mlflow/files.js';
import { MlflowReader } from '../../mlflow/reader.js';
import { RestClient, type RestAccess } from '../../mlflow/rest-client.js';
import { resolveSession } from '../../session.js';
import { StateFile } from '../../transfer/state-file.js';
import { leftOutText, Tally } from '../../transfer/tally.js';
import { PlainCommand } from '../tailrace-command.js';

/** `--url` is the source here; the platform is named by `--to`, or found as by every other command. */
export class ImportMlflow extends PlainCommand {
  static override summary = 'Copy experiments, runs, files and the model registry from an MLflow tracking server.';
  static override description =
    'Twice is once: what was imported is found again, an import that was cut off goes on, and what the source has got since is added. Exit code 1 when something was left out.';
  static override examples = [
    '<%= config.bin %> import mlflow --url http://mlflow.example.org:5000',
    'MLFLOW_TRACKING_TOKEN=… <%= config.bin %> import mlflow --url https://mlflow.example.org --experiment churn --no-artifacts',
  ];
  static override flags = {
    url: Flags.string({ description: 'The MLflow tracking server to copy from.', required: true }),
    token: Flags.string({
      description: 'Token for it; better MLFLOW_TRACKING_TOKEN, which other users of the machine cannot see.',
    }),
    username: Flags.string({ description: 'User name for it; else MLFLOW_TRACKING_USERNAME.' }),
    password: Flags.string({ description: 'Password for it; better MLFLOW_TRACKING_PASSWORD.' }),
    experiment: Flags.string({
      description: 'Name of an experiment to copy; may be given more than once. All when absent.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    artifacts: Flags.boolean({ description: 'Copy files too.', default: true, allowNo: true }),
    state: Flags.string({ description: 'File that remembers what is done; else one in .tailrace-import of this folder.' }),
    report: Flags.string({ description: 'File for the report, as JSON.' }),
    jobs: Flags.integer({ description: 'Runs that are copied at the same time.', default: 4, min: 1, max: 32 }),
    to: Flags.string({
      description: 'Platform to copy into; else TAILRACE_URL, the platform of this folder, or the one of the last login.',
    }),
    'token-file': Flags.string({
      description: 'File with the token for the platform; else TAILRACE_TOKEN_FILE or TAILRACE_TOKEN.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ImportMlflow);
    const printer = this.printer(flags);
    const from = sourceAccess(flags, environment());
    const to = resolveSession({ url: flags.to, 'token-file': flags['token-file'] }, environment());
    const source = side(from);
    const target = side({ url: to.url, authorization: `Bearer ${to.token}`, name: 'the platform' });
    await source.reader.probe();
    await target.reader.probe();
    const state = await StateFile.open(flags.state ?? stateFile(from.url, to.url), { source: from.url, platform: to.url });
    const tally = new Tally(printer, KINDS);
    const { jobs, artifacts } = flags;
    const context: ImportContext = { source, target, state, tally, jobs, artifacts, only: new Set(flags.experiment) };
    try {
      await importAll(context);
    } finally {
      await state.close();
    }
    const report = { source: from.url, platform: to.url, ...tally.toJSON() };
    if (flags.report) await writeFile(flags.report, `${JSON.stringify(report, null, 2)}\n`);
    printer.data(report, () => tally.text());
    if (tally.missing > 0) throw new Failure(leftOutText(tally.missing));
  }
}

function side(access: RestAccess): Side {
  const rest = new RestClient(access);
  return { reader: new MlflowReader(rest), files: new MlflowFiles(rest) };
}

function stateFile(from: string, to: string): string {
  const name = createHash('sha256').update(`${from}\n${to}`).digest('hex').slice(0, 16);
  return join('.tailrace-import', `${name}.jsonl`);
}
