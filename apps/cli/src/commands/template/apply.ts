import { Args, Flags } from '@oclif/core';
import { USER_ERRORS, type TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { fromFlag, jsonObjectFrom } from '../../json-object.js';
import { datasetIdOf } from '../dataset/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { TEMPLATE, templateNamed, type Template } from './queries.js';

const CREATE = `mutation ($input: CreateTemplateInput!) { createTrainingTemplate(input: $input) { template { ${TEMPLATE} } ${USER_ERRORS} } }`;
const UPDATE = `mutation ($input: UpdateTemplateInput!) { updateTrainingTemplate(input: $input) { template { ${TEMPLATE} } ${USER_ERRORS} } }`;

interface Places {
  readonly dataset?: string;
  readonly experiment?: string;
  readonly project?: string;
  readonly 'register-as'?: string;
}

export class TemplateApply extends ServerCommand {
  static override summary = 'Make a training template from a spec in JSON, or change the spec of the one of that name.';
  static override examples = [
    '<%= config.bin %> template apply penguins --from spec.json --dataset penguins --register-as penguins',
    '<%= config.bin %> template apply penguins --from spec.json',
  ];
  static override args = { name: Args.string({ description: 'Name of the template.', required: true }) };
  static override flags = {
    from: Flags.string({ ...fromFlag, description: 'File with the spec (docs/training.md), or - for stdin.' }),
    dataset: Flags.string({ description: 'Name of the data set; a new template needs it.' }),
    'register-as': Flags.string({ description: 'Model under which what is trained is registered.' }),
    experiment: Flags.string({ description: 'Experiment of the runs; the name of the template when absent.' }),
    project: Flags.string({ description: 'Project path; / when absent.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TemplateApply);
    const spec = await jsonObjectFrom(flags.from);
    const client = this.connect(flags);
    const before = await templateNamed(client, args.name);
    const template = before ? await changed(client, before, spec, flags) : await made(client, args.name, spec, flags);
    this.printer(flags).data(template, () => `template ${template.name} is at revision ${template.revision}  ${template.id}`);
  }
}

async function made(client: TailraceClient, name: string, spec: object, places: Places): Promise<Template> {
  if (!places.dataset) throw new Failure(`there is no template ${name} yet; a new one needs --dataset`, EXIT.usage);
  const { experiment, project, 'register-as': registerAs } = places;
  const input = { name, spec, datasetId: await datasetIdOf(client, places.dataset), experiment, project, registerAs };
  return (await client.mutate<{ template: Template }>(CREATE, input)).template;
}

/** Where a template belongs does not change: a flag that says otherwise is refused rather than passed over. */
async function changed(client: TailraceClient, before: Template, spec: object, places: Places): Promise<Template> {
  const now: Required<Places> = {
    dataset: before.dataset.name,
    experiment: before.experiment,
    project: before.project,
    'register-as': before.registerAs ?? '',
  };
  for (const flag of Object.keys(now) as (keyof Places)[])
    if (places[flag] !== undefined && places[flag] !== now[flag])
      throw new Failure(
        `--${flag} of the template ${before.name} is ${now[flag] || 'none'}, and stays so; make another template`,
        EXIT.usage,
      );
  return (await client.mutate<{ template: Template }>(UPDATE, { templateId: before.id, spec })).template;
}
