import { Args, Flags } from '@oclif/core';
import { clean } from '../../output/clean.js';
import { GRAPH_FORMATS, renderDot, renderMermaid } from '../../output/graph-text.js';
import { renderTree } from '../../output/tree.js';
import { ServerCommand } from '../tailrace-command.js';
import { BOUND_ARGS, BOUND_VARIABLES, boundFlags, boundsOf, NODE, type GraphView } from './flags.js';

const QUERY = `query ($id: ID!, $direction: LineageDirection!, $after: String, $events: Boolean!, ${BOUND_VARIABLES}) {
  lineage(id: $id, direction: $direction, after: $after, ${BOUND_ARGS}) { root nodes { ${NODE} } edges { from to relation } openLineage @include(if: $events) truncated endCursor } }`;

export class LineageShow extends ServerCommand {
  static override summary = 'Show what something rests on, or what rests on it.';
  static override description =
    'Takes the id of anything in the graph: a data set version, run, model version, endpoint revision or prediction, say.';
  static override examples = [
    '<%= config.bin %> lineage mdv_0197c2…',
    '<%= config.bin %> lineage mdv_0197c2… --kind dataset_version --until 2026-01-31',
    '<%= config.bin %> lineage dsv_0197c2… --downstream --format mermaid',
    '<%= config.bin %> lineage mdv_0197c2… --format openlineage > mdv.ndjson',
  ];
  static override args = { id: Args.string({ description: 'Id.', required: true }) };
  static override flags = {
    ...boundFlags,
    downstream: Flags.boolean({ description: 'What rests on it, instead of what it rests on.' }),
    format: Flags.string({ description: 'Form of the answer.', options: GRAPH_FORMATS, default: 'tree' }),
    after: Flags.string({ description: 'Go on after this cursor, which the answer before has said.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LineageShow);
    const direction = flags.downstream ? 'downstream' : 'upstream';
    const events = flags.format === 'openlineage';
    const variables = { id: args.id, direction, events, after: flags.after ?? null, ...boundsOf(flags) };
    const { lineage } = await this.connect(flags).query<{ lineage: Shown }>(QUERY, variables);
    const printer = this.printer({ json: flags.json || flags.format === 'json' });
    printer.data(lineage, () => textOf(lineage, flags.format, direction));
    if (lineage.truncated) printer.say(`the graph was cut at 10,000 edges; it goes on with --after ${lineage.endCursor}`);
  }
}

interface Shown extends GraphView {
  /** Events, where they were asked for. */
  readonly openLineage?: readonly object[];
}

function textOf({ openLineage, ...graph }: Shown, format: string, direction: 'upstream' | 'downstream'): string {
  if (openLineage) return openLineage.map((event) => JSON.stringify(event)).join('\n');
  const shown = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, label: clean(node.label) })) };
  if (format === 'dot') return renderDot(shown);
  return format === 'mermaid' ? renderMermaid(shown) : renderTree(shown, direction);
}
