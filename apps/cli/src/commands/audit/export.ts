import { Flags } from '@oclif/core';
import { filterFlags, filterOf } from '../../audit/filter-flags.js';
import { saveBody } from '../../transfer/save-body.js';
import { ServerCommand } from '../tailrace-command.js';

export class AuditExport extends ServerCommand {
  static override summary = 'The audit as JSON Lines or CSV, oldest first.';
  static override description = 'Cells that a spreadsheet would take for a formula begin with an apostrophe.';
  static override examples = [
    '<%= config.bin %> audit export > audit.jsonl',
    '<%= config.bin %> audit export --format csv --output audit.csv --from 2026-01-01T00:00:00Z',
  ];
  static override flags = {
    ...filterFlags,
    format: Flags.string({ description: 'Form of the file.', options: ['jsonl', 'csv'], default: 'jsonl' }),
    output: Flags.string({ char: 'o', description: 'File to write; stdout when absent.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditExport);
    const query = new URLSearchParams({ format: flags.format, ...filterOf(flags) });
    const response = await this.connect(flags).send(`/v1/audit?${query}`, {});
    await saveBody(response, flags.output);
  }
}
