import { Args } from '@oclif/core';
import { modelIdOf } from '../model/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { flowNamed } from './queries.js';

const SET = `mutation ($input: SetModelFlowInput!) { setModelFlow(input: $input) { model { id name flowRevision } userErrors { code message field } } }`;

export class FlowUse extends ServerCommand {
  static override summary = 'Have a model follow a stage flow of the workspace; its open stage requests expire.';
  static override examples = ['<%= config.bin %> flow use penguins default'];
  static override args = {
    model: Args.string({ description: 'Name of the model.', required: true }),
    flow: Args.string({ description: 'Name of the flow.', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FlowUse);
    const client = this.connect(flags);
    const [modelId, flow] = [await modelIdOf(client, args.model), await flowNamed(client, args.flow)];
    const { model } = await client.mutate<{ model: object }>(SET, { modelId, flowId: flow.id });
    this.printer(flags).data(model, () => `${args.model} follows the flow ${args.flow}`);
  }
}
