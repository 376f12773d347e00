import { ServerCommand } from '../tailrace-command.js';
import { decide, decideArgs, decideFlags } from './decide.js';
import { requestText } from './queries.js';

export class ModelApprove extends ServerCommand {
  static override summary = 'Approve a request for a stage. You may not approve your own.';
  static override examples = [
    '<%= config.bin %> model approve req_0197c2… --comment "looked at it"',
    '<%= config.bin %> model approve penguins 3',
  ];
  static override args = decideArgs;
  static override flags = decideFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelApprove);
    const request = await decide(this.connect(flags), 'approveStage', args, flags.comment);
    this.printer(flags).data(request, () => requestText(request));
  }
}
