import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { versionIdOf } from '../model/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { describeEndpoint, ENDPOINT, endpointOf, type Endpoint } from './queries.js';

const DEPLOY = `mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { endpoint { ${ENDPOINT} } ${USER_ERRORS} } }`;
const ROLL_BACK = `mutation ($input: RollBackEndpointInput!) { rollBackEndpoint(input: $input) { endpoint { ${ENDPOINT} } ${USER_ERRORS} } }`;

const nameArgs = { name: Args.string({ description: 'Name of the endpoint.', required: true }) };

export class EndpointDeploy extends ServerCommand {
  static override summary =
    'Let an endpoint serve a version of its model that stands in its stage, or that it has served before.';
  static override examples = ['<%= config.bin %> endpoint deploy species 3'];
  static override args = {
    ...nameArgs,
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EndpointDeploy);
    const client = this.connect(flags);
    const { id: endpointId, model } = await endpointOf(client, args.name);
    const versionId = await versionIdOf(client, model.name, args.version);
    const { endpoint } = await client.mutate<{ endpoint: Endpoint }>(DEPLOY, { endpointId, versionId });
    this.printer(flags).data(endpoint, () => describeEndpoint(endpoint));
  }
}

export class EndpointRollback extends ServerCommand {
  static override summary = 'Let an endpoint serve what it served before. Exit code 5 when there is nothing to come back to.';
  static override examples = ['<%= config.bin %> endpoint rollback species --reason "it is slow"'];
  static override args = nameArgs;
  static override flags = { reason: Flags.string({ description: 'Why; it stands in the audit.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EndpointRollback);
    const client = this.connect(flags);
    const { id: endpointId } = await endpointOf(client, args.name);
    const { endpoint } = await client.mutate<{ endpoint: Endpoint }>(ROLL_BACK, { endpointId, reason: flags.reason });
    this.printer(flags).data(endpoint, () => describeEndpoint(endpoint));
  }
}
