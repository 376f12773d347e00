import { Args } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';
import { EXECUTION, type Execution } from './queries.js';

const REPLAY = `mutation ($id: ID!) { replayTriggerExecution(executionId: $id) { execution { ${EXECUTION} } userErrors { code message field } } }`;

export class TriggerReplay extends ServerCommand {
  static override summary = 'Fire an execution once more with the same input, as a new one.';
  static override examples = ['<%= config.bin %> trigger replay exe_0197c2…'];
  static override args = { execution: Args.string({ description: 'Id of the execution.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerReplay);
    const { execution } = await this.connect(flags).mutateWith<{ execution: Execution }>(REPLAY, { id: args.execution });
    this.printer(flags).data(execution, () => `${execution.id}  ${execution.state}  replay of ${args.execution}`);
  }
}
