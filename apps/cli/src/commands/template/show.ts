import { Args } from '@oclif/core';
import { renderFacts } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { templateOf, type Template } from './queries.js';

export class TemplateShow extends ServerCommand {
  static override summary = 'Show a training template: data set, model, and its spec with every default filled in.';
  static override examples = ['<%= config.bin %> template show penguins --json | jq .spec > spec.json'];
  static override args = { name: Args.string({ description: 'Name of the template.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TemplateShow);
    const template = await templateOf(this.connect(flags), args.name);
    this.printer(flags).data(template, () => describe(template));
  }
}

function describe(template: Template): string {
  const facts = renderFacts({
    template: template.name,
    id: template.id,
    project: template.project,
    revision: template.revision,
    'data set': template.dataset.name,
    experiment: template.experiment,
    'registers as': template.registerAs ?? undefined,
    created: timeText(template.createdAt),
  });
  return `${facts}\n\n${JSON.stringify(template.spec, null, 2)}`;
}
