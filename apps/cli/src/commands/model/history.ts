import { Args, Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { modelIdOf } from './queries.js';

interface Stay {
  readonly number: number;
  readonly stage: string;
  readonly enteredAt: string;
  readonly leftAt: string | null;
  readonly enteredBy: string;
  readonly enteredByMember: { name: string } | null;
  readonly reason: string | null;
  readonly forced: boolean;
}

const STAY = 'number stage enteredAt leftAt enteredBy enteredByMember { name } reason forced';
const HISTORY = `query ($id: ID!, $stage: String, $first: Int, $after: String) { node(id: $id) { ... on Model {
  stageHistory(stage: $stage, first: $first, after: $after) { ${PAGE_INFO} edges { node { ${STAY} } } } } } }`;
const STANDING = `query ($id: ID!, $stage: String!, $at: DateTime) { node(id: $id) { ... on Model { standing(stage: $stage, at: $at) { ${STAY} } } } }`;

export class ModelHistory extends ServerCommand {
  static override summary = 'Show who stood in which stage when, by whom and why; with --at, what stood there at that moment.';
  static override examples = [
    '<%= config.bin %> model history penguins --stage production',
    '<%= config.bin %> model history penguins --stage production --at 2026-03-01T12:00:00Z',
  ];
  static override args = { name: Args.string({ description: 'Name of the model.', required: true }) };
  static override flags = {
    ...firstFlag,
    stage: Flags.string({ description: 'One stage only.' }),
    at: Flags.string({ description: 'A moment, as 2026-03-01T12:00:00Z.', dependsOn: ['stage'] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelHistory);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const id = await modelIdOf(client, args.name);
    const { stage, at } = flags;
    const table = (stays: readonly Stay[]) =>
      renderTable(['VERSION', 'STAGE', 'FROM', 'TO', 'BY', 'WHY'], stays.map(cells), printer.paint);
    if (at) {
      const { node } = await client.query<{ node: { standing: Stay[] } }>(STANDING, { id, stage, at });
      printer.data(node.standing, () => table(node.standing));
      return;
    }
    const { nodes, more } = await listNodes<Stay>(client, HISTORY, { id, stage }, flags.first, 'stageHistory');
    printer.data(nodes, () => table(nodes));
    sayMore(printer, more, nodes.length);
  }
}

const cells = ({ number, stage, enteredAt, leftAt, enteredBy, enteredByMember, reason, forced }: Stay) => [
  number,
  stage,
  timeText(enteredAt),
  leftAt ? timeText(leftAt) : 'now',
  enteredByMember?.name ?? enteredBy,
  [forced ? 'FORCED' : '', reason ?? ''].filter(Boolean).join(': '),
];
