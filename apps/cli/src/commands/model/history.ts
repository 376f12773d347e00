import { Args, Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
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

const STAGES = `query ($id: ID!, $stage: String) { node(id: $id) { ... on Model { flow stageHistory(stage: $stage, first: 1) { edges { node { number } } } } } }`;

interface Stages {
  readonly flow: { readonly stages: readonly { readonly name: string }[] };
  readonly stageHistory: { readonly edges: readonly unknown[] };
}

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
    if (stage !== undefined) await checkStage(client, { id, name: args.name, stage });
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

/** A stage that its flow has, or in which versions once stood. */
async function checkStage(
  client: TailraceClient,
  { id, name, stage }: { id: string; name: string; stage: string },
): Promise<void> {
  const { node } = await client.query<{ node: Stages }>(STAGES, { id, stage });
  const stages = ['none', ...node.flow.stages.map((each) => each.name)];
  if (stages.includes(stage) || node.stageHistory.edges.length > 0) return;
  throw new Failure(`model ${name} has no stage ${JSON.stringify(stage)}; it has ${stages.join(', ')}`, EXIT.notFound);
}

const cells = ({ number, stage, enteredAt, leftAt, enteredBy, enteredByMember, reason, forced }: Stay) => [
  number,
  stage,
  timeText(enteredAt),
  leftAt ? timeText(leftAt) : 'now',
  enteredByMember?.name ?? enteredBy,
  [forced ? 'FORCED' : '', reason ?? ''].filter(Boolean).join(': '),
];
