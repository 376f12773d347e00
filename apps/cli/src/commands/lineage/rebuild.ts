import { Flags } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderFacts, renderTable } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';

const REBUILD = `mutation ($check: Boolean!) { rebuildLineage(check: $check) {
  rebuilt { through prunedThrough events nodes edges differing differences { what how } changed } userErrors { code message field } } }`;

interface Rebuilt {
  readonly through: string;
  readonly prunedThrough: string;
  readonly events: number;
  readonly nodes: number;
  readonly edges: number;
  readonly differing: number;
  readonly differences: readonly { readonly what: string; readonly how: string }[];
  readonly changed: boolean;
}

export class LineageRebuild extends ServerCommand {
  static override summary = 'Build the graph anew from the log.';
  static override description =
    'Exits with 5 when --check finds a difference. What came by events that retention has dropped stays as it is.';
  static override examples = ['<%= config.bin %> lineage rebuild', '<%= config.bin %> lineage rebuild --check'];
  static override flags = {
    check: Flags.boolean({ description: 'Only say whether the graph is what the log gives.', default: false }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(LineageRebuild);
    const { rebuilt } = await this.connect(flags).mutateWith<{ rebuilt: Rebuilt }>(REBUILD, { check: flags.check });
    this.printer(flags).data(rebuilt, () => textOf(rebuilt));
    if (flags.check && rebuilt.differing > 0)
      throw new Failure(
        `the graph differs from the log in ${rebuilt.differing} rows; without --check they are put right`,
        EXIT.refused,
      );
  }
}

function textOf({ differences, changed, ...rebuilt }: Rebuilt): string {
  const facts = renderFacts({ ...rebuilt, changed: changed ? 'yes' : 'no' });
  return differences.length === 0
    ? facts
    : `${facts}\n\n${renderTable(
        ['HOW', 'WHAT'],
        differences.map(({ what, how }) => [how, what]),
      )}`;
}
