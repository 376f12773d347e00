import { Args, Command, Flags } from '@oclif/core';
import { environment, loadConfig } from '#config';
import { EXIT, Failure } from '../exit-codes.js';
import { renderFacts } from '../output/table.js';
import { bytesText } from '../output/units.js';
import { jsonFlag } from './tailrace-command.js';
import { Printer } from '../output/printer.js';

/** Not a PlainCommand: Ctrl-C must not leave half a home behind, so that it is heard between two steps. */
export class Restore extends Command {
  static override summary = 'Make a new home out of a backup. Every file of it is checked.';
  static override examples = [
    '<%= config.bin %> restore /backups/tailrace --home /srv/tailrace-restored && <%= config.bin %> up --home /srv/tailrace-restored',
  ];
  static override args = { dir: Args.string({ description: 'Folder of the backup.', required: true }) };
  static override flags = {
    ...jsonFlag,
    home: Flags.string({ description: 'New home; must be empty or not exist.', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Restore);
    const printer = new Printer(flags.json);
    const { restore } = await import('../../../platform/src/backup/index.js');
    const interrupted = new AbortController();
    process.once('SIGINT', () =>
      interrupted.abort(new Failure('interrupted; the home that was begun is removed', EXIT.interrupted)),
    );
    const config = loadConfig({ ...environment(), TAILRACE_HOME: flags.home });
    const { home, manifest, blobs } = await restore(config, args.dir, (line) => printer.say(line), interrupted.signal);
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    printer.data({ home, createdAt: manifest.createdAt, tables: manifest.tables.length, rows, blobs }, () =>
      renderFacts({
        home,
        as_of: manifest.createdAt,
        tables: manifest.tables.length,
        rows,
        blobs: `${blobs.count} (${bytesText(blobs.bytes)})`,
      }),
    );
    printer.say(`start it with: tailrace up --home ${home}`);
  }
}
