import { Args, Flags } from '@oclif/core';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { until } from '../../poll.js';
import { ServerCommand } from '../tailrace-command.js';
import { READ_REQUEST, REQUEST, requestText, versionIdOf, type StageRequest } from './queries.js';

const ASK = `mutation ($input: RequestStageInput!) { requestStage(input: $input) { stageRequest { ${REQUEST} } userErrors { code message field } } }`;

export class ModelPromote extends ServerCommand {
  static override summary = 'Ask for a stage for a version. Exit code 5 when a gate blocks it.';
  static override examples = [
    '<%= config.bin %> model promote penguins 3 --to production --wait',
    '<%= config.bin %> model promote penguins 3 --to archived --reason "replaced"',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };
  static override flags = {
    to: Flags.string({ description: 'Stage, such as staging or production.', required: true }),
    reason: Flags.string({ description: 'Why; kept with the request.' }),
    wait: Flags.boolean({ description: 'Wait until the gates are evaluated.' }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 600, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelPromote);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const versionId = await versionIdOf(client, args.name, args.version);
    const { stageRequest } = await client.mutate<{ stageRequest: StageRequest }>(ASK, {
      versionId,
      stage: flags.to,
      reason: flags.reason,
    });
    const tick = () => printer.progress('evaluating the gates …');
    const request = flags.wait ? await evaluated(client, stageRequest.id, flags.timeout, tick) : stageRequest;
    printer.data(request, () => requestText(request));
    if (request.state === 'AWAITING_APPROVAL')
      printer.say(`every gate passed; now somebody else approves it: tailrace model approve ${request.id}`);
    if (request.state === 'BLOCKED' || request.state === 'STALE')
      throw new Failure(
        `${args.name} version ${args.version} does not go to ${flags.to}: the request is ${request.state}${request.endedBecause ? `: ${request.endedBecause}` : ''}`,
        EXIT.refused,
      );
  }
}

function evaluated(client: TailraceClient, id: string, seconds: number, tick: () => void): Promise<StageRequest> {
  const ask = async () => {
    tick();
    return (await client.query<{ node: StageRequest }>(READ_REQUEST, { id })).node;
  };
  return until(ask, (request) => request.state !== 'EVALUATING', seconds, 'the gates');
}
