import { Args, Flags } from '@oclif/core';
import { clean } from '../output/clean.js';
import { GRAPH_FORMATS, renderDot, renderMermaid } from '../output/graph-text.js';
import { renderTree, type TreeGraph } from '../output/tree.js';
import { ServerCommand } from './tailrace-command.js';

interface Lineage extends TreeGraph {
  readonly truncated: boolean;
}

const QUERY = `query ($id: ID!, $direction: LineageDirection!, $depth: Int!) { lineage(id: $id, direction: $direction, depth: $depth) {
  root nodes { id kind label } edges { from to relation } truncated } }`;

export class LineageCommand extends ServerCommand {
  static override summary = 'Show what something rests on, or what rests on it.';
  static override description = 'Takes the id of a data set version, run, model version, endpoint revision or prediction.';
  static override examples = [
    '<%= config.bin %> lineage mdv_0197c2…',
    '<%= config.bin %> lineage dsv_0197c2… --downstream --format mermaid',
  ];
  static override args = { id: Args.string({ description: 'Id.', required: true }) };
  static override flags = {
    downstream: Flags.boolean({ description: 'What rests on it, instead of what it rests on.' }),
    depth: Flags.integer({ description: 'Steps at most.', default: 20, min: 1 }),
    format: Flags.string({ description: 'Form of the answer.', options: GRAPH_FORMATS, default: 'tree' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LineageCommand);
    const direction = flags.downstream ? 'downstream' : 'upstream';
    const { lineage } = await this.connect(flags).query<{ lineage: Lineage }>(QUERY, {
      id: args.id,
      direction,
      depth: flags.depth,
    });
    const printer = this.printer({ json: flags.json || flags.format === 'json' });
    printer.data(lineage, () => textOf(lineage, flags.format, direction));
    if (lineage.truncated) printer.say('the graph was cut at 10,000 edges; --depth makes it smaller');
  }
}

function textOf(graph: TreeGraph, format: string, direction: 'upstream' | 'downstream'): string {
  const shown = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, label: clean(node.label) })) };
  if (format === 'dot') return renderDot(shown);
  return format === 'mermaid' ? renderMermaid(shown) : renderTree(shown, direction);
}
