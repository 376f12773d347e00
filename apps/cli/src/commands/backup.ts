import { Args, Flags } from '@oclif/core';
import { environment, loadConfig } from '#config';
import { renderFacts } from '../output/table.js';
import { bytesText } from '../output/units.js';
import { PlainCommand } from './tailrace-command.js';

export class Backup extends PlainCommand {
  static override summary = 'Back up an installation into a folder, while it runs.';
  static override description =
    'Works on the home of this machine (or DATABASE_URL), not over the network. Into a folder that has a backup, only new blobs are copied.';
  static override examples = [
    '<%= config.bin %> backup /backups/tailrace',
    '<%= config.bin %> backup /backups/tailrace --home /srv/tailrace',
  ];
  static override args = { dir: Args.string({ description: 'Folder for the backup.', required: true }) };
  static override flags = {
    home: Flags.string({ description: 'Home of the installation; else TAILRACE_HOME, else .tailrace.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Backup);
    const printer = this.printer(flags);
    const { backup } = await import('../../../platform/src/backup/index.js');
    const config = loadConfig({ ...environment(), ...(flags.home ? { TAILRACE_HOME: flags.home } : {}) });
    const { dir, manifest, copiedBytes } = await backup(config, args.dir, (line) => printer.say(line));
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    const result = {
      dir,
      createdAt: manifest.createdAt,
      tables: manifest.tables.length,
      rows,
      blobs: { ...manifest.blobs, copiedBytes },
    };
    const blobs = `${manifest.blobs.count} (${bytesText(manifest.blobs.bytes)}, of which ${bytesText(copiedBytes)} new)`;
    printer.data(result, () => renderFacts({ backup: dir, as_of: manifest.createdAt, tables: result.tables, rows, blobs }));
  }
}
