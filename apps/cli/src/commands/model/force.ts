import { Args, Flags } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';
import { versionIdOf } from './queries.js';

const FORCE = `mutation ($input: ForceStageInput!) { forceStage(input: $input) { modelVersion { id number stage } userErrors { code message field } } }`;

export class ModelForce extends ServerCommand {
  static override summary =
    'An emergency: move a version past the gates and approvals of its way. It takes a right of its own and a reason.';
  static override examples = [
    '<%= config.bin %> model force penguins 2 --to production --reason "version 3 answers with errors only"',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };
  static override flags = {
    to: Flags.string({ description: 'Stage, such as production.', required: true }),
    reason: Flags.string({ description: 'Why; it stands in the audit.', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelForce);
    const client = this.connect(flags);
    const versionId = await versionIdOf(client, args.name, args.version);
    const input = { versionId, stage: flags.to, reason: flags.reason };
    const { modelVersion } = await client.mutate<{ modelVersion: { number: number; stage: string } }>(FORCE, input);
    this.printer(flags).data(
      modelVersion,
      () => `${args.name} version ${modelVersion.number} stands in ${modelVersion.stage}; gates and approvals were passed over`,
    );
  }
}
