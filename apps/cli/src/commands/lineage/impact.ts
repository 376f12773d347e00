import { Args } from '@oclif/core';
import { renderTable } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';
import {
  BOUND_ARGS,
  BOUND_VARIABLES,
  boundFlags,
  boundsOf,
  NODE,
  nodeText,
  stageFlag,
  type GraphView,
  type NodeView,
} from './flags.js';

const QUERY = `query ($id: ID!, $stage: String!, ${BOUND_VARIABLES}) { impactOf(id: $id, stage: $stage, ${BOUND_ARGS}) {
  root inProduction { ${NODE} } nodes { ${NODE} } edges { from to relation } truncated endCursor } }`;

interface Impact extends GraphView {
  readonly inProduction: readonly NodeView[];
}

export class LineageImpact extends ServerCommand {
  static override summary = 'Show what is touched if something must go, what is in production first.';
  static override examples = ['<%= config.bin %> lineage impact dsv_0197c2…'];
  static override args = { id: Args.string({ description: 'Id, of a data set version say.', required: true }) };
  static override flags = { ...boundFlags, ...stageFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LineageImpact);
    const variables = { id: args.id, stage: flags.stage, ...boundsOf(flags) };
    const { impactOf } = await this.connect(flags).query<{ impactOf: Impact }>(QUERY, variables);
    const printer = this.printer(flags);
    const live = new Set(impactOf.inProduction.map(({ id }) => id));
    const rest = impactOf.nodes.filter(({ id }) => !live.has(id) && id !== args.id);
    const rows = [...impactOf.inProduction, ...rest].map((node) => [live.has(node.id) ? 'yes' : '', nodeText(node), node.id]);
    printer.data(impactOf, () => renderTable(['IN PRODUCTION', 'WHAT', 'ID'], rows, printer.paint));
    if (impactOf.truncated) printer.say('the answer was cut at 10,000 edges; --depth or --kind makes it smaller');
  }
}
