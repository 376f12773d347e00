import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { modelIdOf } from '../model/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { describeEndpoint, ENDPOINT, type Endpoint } from './queries.js';

const CREATE = `mutation ($input: CreateEndpointInput!) { createEndpoint(input: $input) { endpoint { ${ENDPOINT} } ${USER_ERRORS} } }`;

export class EndpointCreate extends ServerCommand {
  static override summary = 'Make an endpoint, which serves what stands in a stage of a model.';
  static override description =
    'It takes over what comes to stand there, where the stage holds one version; of a stage that holds many, `endpoint deploy` chooses one.';
  static override examples = ['<%= config.bin %> endpoint create species --model penguins --stage production'];
  static override args = { name: Args.string({ description: 'Name, by which callers know it.', required: true }) };
  static override flags = {
    model: Flags.string({ description: 'Name of the model.', required: true }),
    stage: Flags.string({ description: 'Stage that it follows.', default: 'production' }),
    project: Flags.string({ description: 'Project path; that of the model when absent.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EndpointCreate);
    const client = this.connect(flags);
    const follows = { modelId: await modelIdOf(client, flags.model), stage: flags.stage };
    const input = { name: args.name, follows, project: flags.project };
    const { endpoint } = await client.mutate<{ endpoint: Endpoint }>(CREATE, input);
    this.printer(flags).data(endpoint, () => describeEndpoint(endpoint));
  }
}
