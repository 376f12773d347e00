import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';

const CREATE = `mutation ($input: CreateModelInput!) { createModel(input: $input) { model { id name project description } ${USER_ERRORS} } }`;

interface Made {
  readonly model: { readonly id: string; readonly name: string; readonly project: string; readonly description: string };
}

export class ModelCreate extends ServerCommand {
  static override summary = 'Make a model, to which versions are registered later.';
  static override examples = [
    '<%= config.bin %> model create penguins --description "which species it is"',
    '<%= config.bin %> model create churn --project /shop --flow strict',
  ];
  static override args = { name: Args.string({ description: 'Name of the model.', required: true }) };
  static override flags = {
    description: Flags.string({ description: 'What it is for.' }),
    project: Flags.string({ description: 'Project path; / when absent.' }),
    flow: Flags.string({ description: 'Flow of the workspace that it follows; `tailrace flow list` shows them.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelCreate);
    const input = { name: args.name, description: flags.description, project: flags.project, flowName: flags.flow };
    const { model } = await this.connect(flags).mutate<Made>(CREATE, input);
    this.printer(flags).data(model, () => `${model.name}  ${model.id}`);
  }
}
