import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderFacts } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';
import { modelIdOf, tagChanges, tagsText, versionIdOf, type Tag } from './queries.js';

const LABELS = 'description tags { key value }';
const MODEL = `mutation ($input: UpdateModelInput!) { updateModel(input: $input) { model { id name ${LABELS} } ${USER_ERRORS} } }`;
const VERSION = `mutation ($input: UpdateModelVersionInput!) { updateModelVersion(input: $input) { modelVersion { id number ${LABELS} } ${USER_ERRORS} } }`;

interface Labelled {
  readonly id: string;
  readonly description: string;
  readonly tags: readonly Tag[];
}

const many = { multiple: true, multipleNonGreedy: true } as const;

export class ModelUpdate extends ServerCommand {
  static override summary =
    'Change the name, description or tags of a model, or description, tags and card of one of its versions.';
  static override examples = [
    '<%= config.bin %> model update penguins --description "which species it is" --tag team=birds',
    '<%= config.bin %> model update penguins 3 --limitations "no chicks" --untag draft',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the model.', required: true }),
    version: Args.integer({ description: 'Number of a version; the model itself when absent.', min: 1 }),
  };
  static override flags = {
    description: Flags.string({ description: 'What it is for.' }),
    tag: Flags.string({ description: 'NAME=VALUE; may be given more than once.', ...many }),
    untag: Flags.string({ description: 'Name of a tag that goes; may be given more than once.', ...many }),
    rename: Flags.string({ description: 'New name of the model.' }),
    'intended-use': Flags.string({ description: 'Section of the card of a version, as Markdown.' }),
    limitations: Flags.string({ description: 'Section of the card of a version.' }),
    notes: Flags.string({ description: 'Section of the card of a version.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelUpdate);
    const { description, rename: name, limitations, notes } = flags;
    const tags = tagChanges(flags.tag, flags.untag);
    const labels = { description, ...(tags.length > 0 ? { tags } : {}) };
    const card = given({ intendedUse: flags['intended-use'], limitations, notes });
    checkGiven(args.version, { labels: given(labels), name, card });
    const client = this.connect(flags);
    const changed =
      args.version === undefined
        ? (await client.mutate<{ model: Labelled }>(MODEL, { id: await modelIdOf(client, args.name), name, ...labels })).model
        : (
            await client.mutate<{ modelVersion: Labelled }>(VERSION, {
              id: await versionIdOf(client, args.name, args.version),
              ...labels,
              card,
            })
          ).modelVersion;
    this.printer(flags).data(changed, () =>
      renderFacts({ id: changed.id, description: changed.description || undefined, tags: tagsText(changed.tags) }),
    );
  }
}

/** Undefined when nothing is given. */
function given<T extends object>(parts: T): T | undefined {
  return Object.values(parts).some((part) => part !== undefined) ? parts : undefined;
}

function checkGiven(
  version: number | undefined,
  { labels, name, card }: { labels?: object; name?: string; card?: object },
): void {
  if (version === undefined && card) throw new Failure('a card is of a version; say which one', EXIT.usage);
  if (version !== undefined && name)
    throw new Failure('a version has no name but its number; --rename is of the model', EXIT.usage);
  if (!labels && !name && !card) throw new Failure('there is nothing to change; --help shows what can be', EXIT.usage);
}
