import { Args } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { Paint } from '../../output/style.js';
import { renderFacts, renderTable } from '../../output/table.js';
import { numberText, timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { modelIdOf, REQUEST, requestText, tagsText, type StageRequest, type Tag } from './queries.js';

interface Version {
  readonly id: string;
  readonly number: number;
  readonly stage: string;
  readonly createdAt: string;
  readonly measured: { key: string; value: number }[];
  /** Null where it names no run, or one that is not here. */
  readonly run: { id: string } | null;
  readonly datasetVersion: { number: number; dataset: { name: string } } | null;
}

interface Model {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly description: string;
  readonly createdAt: string;
  readonly flow: unknown;
  readonly tags: readonly Tag[];
  readonly aliases: readonly { readonly alias: string; readonly version: { readonly number: number } }[];
}

const MODEL =
  'query ($name: String!) { models(first: 1, where: { name: $name }) { edges { node { id name project description createdAt flow tags { key value } aliases { alias version { number } } } } } }';
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { modelVersions(where: { modelId: $id }, first: $first, after: $after) { ${PAGE_INFO}
  edges { node { id number stage createdAt measured { key value } run { id } datasetVersion { number dataset { name } } } } } }`;
const OPEN = `query ($first: Int, $after: String) { stageRequests(where: { state: [EVALUATING, AWAITING_APPROVAL, RECHECKING] }, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { ${REQUEST} } } } }`;

export class ModelShow extends ServerCommand {
  static override summary = 'Show a model: versions, stages, measured figures, and open requests with their gates.';
  static override examples = ['<%= config.bin %> model show penguins'];
  static override args = { name: Args.string({ description: 'Name of the model.', required: true }) };
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelShow);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const id = await modelIdOf(client, args.name);
    const { models } = await client.query<{ models: { edges: { node: Model }[] } }>(MODEL, { name: args.name });
    const { nodes: versions, more } = await listNodes<Version>(client, VERSIONS, { id }, flags.first);
    const { nodes: open } = await listNodes<StageRequest>(client, OPEN);
    const requests = open.filter((request) => request.version.model.id === id);
    const model = models.edges[0]!.node;
    printer.data({ ...model, versions, openRequests: requests }, () => describe(model, versions, requests, printer.paint));
    sayMore(printer, more, versions.length);
  }
}

/** Versions whose figures are set side by side. */
const COMPARED = 6;

function describe(model: Model, versions: readonly Version[], requests: readonly StageRequest[], paint: Paint): string {
  const data = (version: Version) =>
    version.datasetVersion && `${version.datasetVersion.dataset.name} ${version.datasetVersion.number}`;
  const facts = renderFacts({
    model: model.name,
    id: model.id,
    project: model.project,
    description: model.description || undefined,
    tags: tagsText(model.tags),
    aliases: model.aliases.map(({ alias, version }) => `${alias} -> ${version.number}`).join(', ') || undefined,
    created: timeText(model.createdAt),
  });
  const table = renderTable(
    ['VERSION', 'STAGE', 'DATA', 'CREATED', 'RUN', 'ID'],
    versions.map((v) => [v.number, v.stage, data(v), timeText(v.createdAt), v.run?.id, v.id]),
    paint,
  );
  const figures = figureTable(versions.slice(0, COMPARED), paint);
  const open = requests.length > 0 && `open requests\n${requests.map(requestText).join('\n')}`;
  return [facts, table, figures && `measured by the platform\n${figures}`, open].filter(Boolean).join('\n\n');
}

function figureTable(versions: readonly Version[], paint: Paint): string | undefined {
  const keys = [...new Set(versions.flatMap(({ measured }) => measured.map(({ key }) => key)))].sort();
  const figure = (version: Version, key: string) => numberText(version.measured.find((found) => found.key === key)?.value);
  const head = ['FIGURE', ...versions.map(({ number }) => `VERSION ${number}`)];
  const rows = keys.map((key) => [key, ...versions.map((version) => figure(version, key))]);
  return rows.length > 0 ? renderTable(head, rows, paint) : undefined;
}
