import { ServerCommand } from '../tailrace-command.js';
import { decide, decideArgs, decideFlags } from './decide.js';
import { requestText } from './queries.js';

export class ModelReject extends ServerCommand {
  static override summary = 'Reject a request for a stage.';
  static override examples = [
    '<%= config.bin %> model reject req_0197c2… --comment "looked at it"',
    '<%= config.bin %> model reject penguins 3',
  ];
  static override args = decideArgs;
  static override flags = decideFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelReject);
    const request = await decide(this.connect(flags), 'rejectStage', args, flags.comment);
    this.printer(flags).data(request, () => requestText(request));
  }
}
