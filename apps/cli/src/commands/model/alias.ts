import { Args } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { modelIdOf, versionIdOf } from './queries.js';

const SET = `mutation ($input: SetModelAliasInput!) { setModelAlias(input: $input) { modelVersion { id } ${USER_ERRORS} } }`;
const REMOVE = `mutation ($input: RemoveModelAliasInput!) { removeModelAlias(input: $input) { model { id } ${USER_ERRORS} } }`;
const READ = 'query ($id: ID!) { node(id: $id) { ... on Model { id name aliases { alias version { id number } } } } }';

interface Aliases {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly { readonly alias: string; readonly version: { readonly id: string; readonly number: number } }[];
}

const aliasArgs = {
  name: Args.string({ description: 'Name of the model.', required: true }),
  alias: Args.string({ description: 'Name of the alias, such as champion.', required: true }),
};

/** `champion -> 3` on each line. */
const aliasLines = ({ aliases }: Aliases) => aliases.map(({ alias, version }) => `${alias} -> ${version.number}`).join('\n');

export class ModelAliasSet extends ServerCommand {
  static override summary =
    'Let an alias mean a version. One that is named like a guarded stage means a version that stands there.';
  static override examples = ['<%= config.bin %> model alias set penguins champion 3'];
  static override args = {
    ...aliasArgs,
    version: Args.integer({ description: 'Number of the version.', required: true, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelAliasSet);
    const client = this.connect(flags);
    await client.mutate(SET, { alias: args.alias, versionId: await versionIdOf(client, args.name, args.version) });
    const { node } = await client.query<{ node: Aliases }>(READ, { id: await modelIdOf(client, args.name) });
    this.printer(flags).data(node, () => aliasLines(node));
  }
}

export class ModelAliasRemove extends ServerCommand {
  static override summary = 'Take an alias away; the version stays.';
  static override examples = ['<%= config.bin %> model alias remove penguins champion'];
  static override args = aliasArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelAliasRemove);
    const client = this.connect(flags);
    const modelId = await modelIdOf(client, args.name);
    await client.mutate(REMOVE, { alias: args.alias, modelId });
    const { node } = await client.query<{ node: Aliases }>(READ, { id: modelId });
    this.printer(flags).data(node, () => aliasLines(node));
  }
}
