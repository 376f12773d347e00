import { Flags } from '@oclif/core';
import { environment, loadConfig } from '#config';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderTable } from '../../output/table.js';
import { PlainCommand } from '../tailrace-command.js';

export class AuditRetire extends PlainCommand {
  static override summary = 'Drop whole months of the audit, after a signed checkpoint.';
  static override description =
    'Works on the home of this machine, or with MIGRATION_DATABASE_URL, not over the network: only the role that owns the tables can. Months that are not over by the date stay.';
  static override examples = ['<%= config.bin %> audit retire --before 2026-01-01'];
  static override flags = {
    before: Flags.string({ description: 'Date (UTC); entries of months that end by it are dropped.', required: true }),
    home: Flags.string({ description: 'Home of the installation; else TAILRACE_HOME, else .tailrace.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditRetire);
    const printer = this.printer(flags);
    const before = new Date(`${flags.before}T00:00:00Z`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(flags.before) || Number.isNaN(before.getTime()))
      throw new Failure(`--before must be a date such as 2026-01-01, not ${JSON.stringify(flags.before)}`, EXIT.usage);
    if (before > new Date()) throw new Failure('--before must not be in the future', EXIT.usage);
    const { retireAudit } = await import('../../../../platform/src/audit/index.js');
    const config = loadConfig({ ...environment(), ...(flags.home ? { TAILRACE_HOME: flags.home } : {}) });
    const retired = await retireAudit(config, before, (line) => printer.say(line));
    printer.data(retired, () =>
      renderTable(
        ['WORKSPACE', 'ENTRIES', 'CHAIN GOES ON AFTER', 'CHECKPOINT'],
        retired.checkpoints.map((each) => [each.workspaceId, each.rows, each.position, each.id]),
        printer.paint,
      ),
    );
    printer.say(
      retired.partitions.length > 0
        ? `dropped: ${retired.partitions.join(', ')}`
        : 'no month is over by then; nothing was dropped',
    );
  }
}
