import { Flags } from '@oclif/core';
import { saveBody } from '../../transfer/save-body.js';
import { ServerCommand } from '../tailrace-command.js';

export class LineageExport extends ServerCommand {
  static override summary = 'The whole graph as lines of JSON, for another backend.';
  static override description =
    'Events of OpenLineage 2-0-2, data before the runs that read it; or the nodes and then the edges of the graph itself.';
  static override examples = [
    '<%= config.bin %> lineage export --format openlineage > lineage.ndjson',
    '<%= config.bin %> lineage export --format json --output graph.ndjson',
  ];
  static override flags = {
    format: Flags.string({ description: 'Form of the lines.', options: ['openlineage', 'json'], default: 'openlineage' }),
    output: Flags.string({ char: 'o', description: 'File to write; stdout when absent.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(LineageExport);
    const response = await this.connect(flags).send(`/v1/lineage/export?${new URLSearchParams({ format: flags.format })}`, {});
    await saveBody(response, flags.output);
  }
}
