import { Args } from '@oclif/core';
import { clean } from '../../output/clean.js';
import { ServerCommand } from '../tailrace-command.js';
import { versionIdOf } from './queries.js';

export class ModelCard extends ServerCommand {
  static override summary = 'Print the model card of a version, as Markdown.';
  static override examples = ['<%= config.bin %> model card penguins 3 > card.md'];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelCard);
    const client = this.connect(flags);
    const id = await versionIdOf(client, args.name, args.version);
    const { modelCard } = await client.query<{ modelCard: string }>('query ($id: ID!) { modelCard(versionId: $id) }', { id });
    this.printer(flags).data({ card: modelCard }, () => modelCard.split('\n').map(clean).join('\n'));
  }
}
