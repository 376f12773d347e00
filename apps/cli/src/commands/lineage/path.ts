import { Args } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';
import { BOUND_ARGS, BOUND_VARIABLES, boundFlags, boundsOf, NODE, nodeText, type GraphView } from './flags.js';

const QUERY = `query ($from: ID!, $to: ID!, ${BOUND_VARIABLES}) { lineagePath(from: $from, to: $to, ${BOUND_ARGS}) {
  root nodes { ${NODE} } edges { from to relation } truncated endCursor } }`;

export class LineagePath extends ServerCommand {
  static override summary = 'Show the shortest way between two things.';
  static override examples = ['<%= config.bin %> lineage path mdv_0197c2… dsv_0197c2…'];
  static override args = {
    from: Args.string({ description: 'Id.', required: true }),
    to: Args.string({ description: 'Id.', required: true }),
  };
  static override flags = boundFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LineagePath);
    const variables = { ...args, ...boundsOf(flags) };
    const { lineagePath } = await this.connect(flags).query<{ lineagePath: GraphView | null }>(QUERY, variables);
    if (!lineagePath) throw new Failure(`no way of ${flags.depth} steps leads from ${args.from} to ${args.to}`, EXIT.notFound);
    this.printer(flags).data(lineagePath, () => wayText(lineagePath));
  }
}

function wayText({ nodes, edges }: GraphView): string {
  return nodes
    .map((node, index) => {
      const edge = edges[index - 1];
      if (!edge) return nodeText(node);
      const relation = edge.relation.replaceAll('_', ' ');
      return `${edge.to === node.id ? `└─ ${relation}: ` : `└─ (${relation} by) `}${nodeText(node)}`;
    })
    .join('\n');
}
