import { Args } from '@oclif/core';
import type { Printer } from '../../output/printer.js';
import { renderTable } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';
import { BOUND_ARGS, BOUND_VARIABLES, boundFlags, boundsOf, NODE, nodeText, stageFlag, type NodeView } from './flags.js';

interface Affected {
  readonly model: NodeView | null;
  readonly version: NodeView;
  readonly templates: readonly NodeView[];
  readonly restsOn: readonly NodeView[];
}
interface Page {
  readonly items: readonly Affected[];
  readonly truncated: boolean;
}

const PAGE = `items { model { ${NODE} } version { ${NODE} } templates { ${NODE} } restsOn { ${NODE} } } truncated`;
const RETRAIN = `query ($id: ID!, $stage: String!, ${BOUND_VARIABLES}) { page: retrainingNeeded(id: $id, stage: $stage, first: 20, ${BOUND_ARGS}) { ${PAGE} } }`;
const INVALID = `query ($stage: String!, ${BOUND_VARIABLES}) { page: restingOnInvalid(stage: $stage, first: 20, ${BOUND_ARGS}) { ${PAGE} } }`;

function print(printer: Printer, page: Page, title: string, of: (item: Affected) => readonly NodeView[]): void {
  const rows = page.items.map((item) => [
    item.model ? nodeText(item.model) : '',
    nodeText(item.version),
    of(item).map(nodeText).join(', '),
    item.version.id,
  ]);
  printer.data(page, () => renderTable(['MODEL', 'VERSION', title, 'ID'], rows, printer.paint));
  if (page.truncated) printer.say('there are more than 20');
}

export class LineageRetrain extends ServerCommand {
  static override summary = 'Show the models that would have to be trained again without something.';
  static override examples = ['<%= config.bin %> lineage retrain dsv_0197c2…'];
  static override args = { id: Args.string({ description: 'Id, of a data set version say.', required: true }) };
  static override flags = { ...boundFlags, ...stageFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LineageRetrain);
    const variables = { id: args.id, stage: flags.stage, ...boundsOf(flags) };
    const { page } = await this.connect(flags).query<{ page: Page }>(RETRAIN, variables);
    print(this.printer(flags), page, 'TRAINED BY', ({ templates }) => templates);
  }
}

export class LineageInvalid extends ServerCommand {
  static override summary = 'Show production models that rest on something deleted or invalid.';
  static override examples = ['<%= config.bin %> lineage invalid'];
  static override flags = { ...boundFlags, ...stageFlag };

  async run(): Promise<void> {
    const { flags } = await this.parse(LineageInvalid);
    const { page } = await this.connect(flags).query<{ page: Page }>(INVALID, { stage: flags.stage, ...boundsOf(flags) });
    print(this.printer(flags), page, 'RESTS ON', ({ restsOn }) => restsOn);
  }
}
