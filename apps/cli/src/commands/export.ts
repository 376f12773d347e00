import { Flags } from '@oclif/core';
import { EXIT, Failure } from '../exit-codes.js';
import { ExportFolder } from '../export/export-folder.js';
import { Exporter, KINDS } from '../export/exporter.js';
import { MlflowFiles } from '../mlflow/files.js';
import { MlflowReader } from '../mlflow/reader.js';
import { RestClient } from '../mlflow/rest-client.js';
import { leftOutText, Tally } from '../transfer/tally.js';
import { ServerCommand } from './tailrace-command.js';

export class Export extends ServerCommand {
  static override summary = 'Write experiments, runs, histories, files and the model registry into a folder.';
  static override description =
    'Plain JSON, JSON Lines and files, with a manifest of hashes. Into a folder that has an export, only what is new or has changed is written. `tailrace sync` reads it.';
  static override examples = [
    '<%= config.bin %> export --all --out /archive/tailrace',
    '<%= config.bin %> export --experiment churn --experiment fraud --out fraud-and-churn',
  ];
  static override flags = {
    experiment: Flags.string({
      description: 'Name of an experiment; may be given more than once.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    all: Flags.boolean({ description: 'All experiments, and the registry.' }),
    out: Flags.string({ description: 'Folder.', required: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Export);
    if (Boolean(flags.all) === Boolean(flags.experiment?.length))
      throw new Failure('say what to export: --all, or --experiment NAME', EXIT.usage);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const rest = new RestClient({ url: client.url, authorization: `Bearer ${client.token}`, name: 'the platform' });
    const reader = new MlflowReader(rest);
    await reader.probe();
    const folder = await ExportFolder.open(flags.out, client.url);
    const tally = new Tally(printer, KINDS);
    const files = new MlflowFiles(rest);
    await new Exporter({ client, reader, files, folder, tally, only: new Set(flags.experiment) }).exportAll();
    await folder.finish({ platform: client.url, createdAt: new Date().toISOString(), counts: totals(tally) });
    printer.data({ dir: flags.out, platform: client.url, ...tally.toJSON() }, () => tally.text());
    if (tally.missing > 0) throw new Failure(leftOutText(tally.missing));
  }
}

/** How much of each kind the folder has now. */
function totals({ counts }: Tally): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([kind, { made, present }]) => [kind, made + present]));
}
