import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { isDomainError } from '#kernel';
import { ExperimentSearch, ExperimentsService, type FoundExperiment } from '#tracking';
import { experimentConditions, experimentOrder } from '../search/experiment-filter.js';
import { hasControl } from '../wire/artifact-path.js';
import { invalid, missing, MlflowError } from '../wire/errors.js';
import { compact, RawJson, record } from '../wire/json.js';
import { int, list, object, oneOf, required, text } from '../wire/message.js';
import { checkKey, checkLength, pageSize } from '../wire/names.js';
import { route, type Route } from '../wire/route.js';
import { tagJson } from '../wire/run-json.js';
import { artifactRoot, deletedExperiment, ExperimentNumbers, noExperiment } from './experiment-numbers.js';

export const TAG = object({ key: required(text), value: text });
export const VIEW = oneOf('ACTIVE_ONLY', 'DELETED_ONLY', 'ALL');
export const VIEWS = { ACTIVE_ONLY: 'active', DELETED_ONLY: 'deleted', ALL: 'all' } as const;

/** Of one search for data sets. */
const MOST_EXPERIMENTS = 20;
const MOST_SUMMARIES = 1000;
const MAX_TAG_VALUE = 20_000;
/** Tag by which a client may say into which project a new experiment goes. */
const PROJECT_TAG = 'tailrace.project';

/** Lists find the same objects as long as nothing changed: their text is made once. */
const texts = new WeakMap<FoundExperiment, string>();

function experimentJson(experiment: FoundExperiment): string {
  const known = texts.get(experiment);
  if (known !== undefined) return known;
  const text = textOf(experiment);
  texts.set(experiment, text);
  return text;
}

/** Text of an Experiment message. */
function textOf(experiment: FoundExperiment): string {
  const { number, name, deleted, updatedAt, createdAt, tags } = experiment;
  const items = Object.keys(tags)
    .sort()
    .map((key) => tagJson(key, tags[key]!));
  return `{"experiment_id":"${number}","name":${JSON.stringify(name)},"artifact_location":${JSON.stringify(artifactRoot(experiment))},"lifecycle_stage":"${deleted ? 'deleted' : 'active'}","last_update_time":${updatedAt.getTime()},"creation_time":${createdAt.getTime()},"tags":[${items.join()}]}`;
}

function experimentsJson(experiments: readonly FoundExperiment[], next?: string): RawJson {
  return new RawJson(`{"experiments":[${experiments.map(experimentJson).join()}]${next ? `,"next_page_token":"${next}"` : ''}}`);
}

@Injectable()
export class ExperimentRoutes {
  constructor(
    private readonly service: ExperimentsService,
    private readonly search: ExperimentSearch,
    private readonly numbers: ExperimentNumbers,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateExperiment',
      on: 'POST /mlflow/experiments/create',
      access: 'tracking.write',
      input: { name: required(text), artifact_location: text, tags: list(TAG) },
      run: async ({ ctx, input }) => {
        checkName(input.name);
        checkLocation(input.artifact_location);
        input.tags.forEach((tag) => checkTag(tag.key, tag.value ?? ''));
        const tags = record(input.tags);
        const made = { name: input.name, artifactLocation: input.artifact_location || null, tags, project: tags[PROJECT_TAG] };
        await this.service.ensureDefault(ctx.workspaceId);
        const { number } = await this.service.create(ctx, made).catch(nameTaken(input.name));
        return { experiment_id: String(number) };
      },
    }),
    ...route({
      rpc: 'SearchExperiments',
      on: ['POST /mlflow/experiments/search', 'GET /mlflow/experiments/search'],
      access: 'tracking.read',
      input: { max_results: int, page_token: text, filter: text, order_by: list(text), view_type: VIEW },
      run: async ({ ctx, input }) => {
        await this.service.ensureDefault(ctx.workspaceId);
        const { experiments, next } = await this.search.search(ctx, {
          where: experimentConditions(input.filter ?? ''),
          orderBy: experimentOrder(input.order_by as string[]),
          view: VIEWS[input.view_type ?? 'ACTIVE_ONLY'],
          limit: pageSize(input.max_results, 1000, 50_000),
          after: input.page_token || undefined,
        });
        return experimentsJson(experiments, next);
      },
    }),
    ...route({
      // Gone from MLflow 2, and still called by its npm client and by old Java ones.
      rpc: 'ListExperiments',
      on: 'GET /mlflow/experiments/list',
      access: 'tracking.read',
      input: { view_type: VIEW },
      run: async ({ ctx, input }) => {
        await this.service.ensureDefault(ctx.workspaceId);
        const view = VIEWS[input.view_type ?? 'ACTIVE_ONLY'];
        const orderBy = [{ field: 'number', descending: false }] as const;
        return experimentsJson((await this.search.search(ctx, { view, orderBy, limit: 50_000 })).experiments);
      },
    }),
    ...route({
      rpc: 'GetExperiment',
      on: 'GET /mlflow/experiments/get',
      access: 'tracking.read',
      input: { experiment_id: required(text) },
      run: async ({ ctx, input }) =>
        new RawJson(`{"experiment":${experimentJson(await this.numbers.find(ctx, input.experiment_id))}}`),
    }),
    ...route({
      rpc: 'GetExperimentByName',
      on: 'GET /mlflow/experiments/get-by-name',
      access: 'tracking.read',
      input: { experiment_name: required(text) },
      run: async ({ ctx, input }) => {
        await this.service.ensureDefault(ctx.workspaceId);
        const found = await this.search.byName(ctx, input.experiment_name);
        if (!found) throw missing(`Could not find experiment with name '${input.experiment_name}'`);
        return new RawJson(`{"experiment":${experimentJson(found)}}`);
      },
    }),
    ...route({
      rpc: 'SearchDatasets',
      on: 'POST /mlflow/experiments/search-datasets',
      access: 'tracking.read',
      input: { experiment_ids: list(text) },
      run: async ({ ctx, input }) => {
        const ids = input.experiment_ids as string[];
        if (ids.length === 0) throw invalid('SearchDatasets request must specify at least one experiment_id.');
        if (ids.length > MOST_EXPERIMENTS)
          throw invalid(
            `SearchDatasets request cannot specify more than ${MOST_EXPERIMENTS} experiment_ids. Received ${ids.length} experiment_ids.`,
          );
        const readable = await this.search.byIds(ctx, await this.numbers.knownIds(ctx, ids));
        const found = await this.search.datasets(
          readable.map(({ id }) => id),
          MOST_SUMMARIES,
        );
        return {
          dataset_summaries: found.map(({ experimentNumber, name, digest, context }) =>
            compact({ experiment_id: String(experimentNumber), name, digest, context }),
          ),
        };
      },
    }),
    ...route({
      rpc: 'UpdateExperiment',
      on: 'POST /mlflow/experiments/update',
      access: 'tracking.write',
      input: { experiment_id: required(text), new_name: required(text) },
      run: async ({ ctx, input }) => {
        checkName(input.new_name);
        await this.change(ctx, input.experiment_id, (id) =>
          this.service.update(ctx, id, { name: input.new_name }).catch(nameTaken(input.new_name)),
        );
      },
    }),
    ...route({
      rpc: 'DeleteExperiment',
      on: 'POST /mlflow/experiments/delete',
      access: 'tracking.write',
      input: { experiment_id: required(text) },
      run: ({ ctx, input }) => this.move(ctx, input.experiment_id, (id) => this.service.delete(ctx, id)),
    }),
    ...route({
      rpc: 'RestoreExperiment',
      on: 'POST /mlflow/experiments/restore',
      access: 'tracking.write',
      input: { experiment_id: required(text) },
      run: ({ ctx, input }) => this.move(ctx, input.experiment_id, (id) => this.service.restore(ctx, id)),
    }),
    ...route({
      rpc: 'SetExperimentTag',
      on: 'POST /mlflow/experiments/set-experiment-tag',
      access: 'tracking.write',
      input: { experiment_id: required(text), key: required(text), value: text },
      run: async ({ ctx, input }) => {
        checkTag(input.key, input.value ?? '');
        await this.change(ctx, input.experiment_id, (id) => this.service.update(ctx, id, { tags: record([input]) }));
      },
    }),
    ...route({
      rpc: 'DeleteExperimentTag',
      on: 'POST /mlflow/experiments/delete-experiment-tag',
      access: 'tracking.write',
      input: { experiment_id: required(text), key: required(text) },
      run: ({ ctx, input }) =>
        this.change(ctx, input.experiment_id, (id) =>
          this.service.deleteTag(ctx, id, input.key).catch((error: unknown) => {
            if (isDomainError(error) && error.details?.['reason'] === 'NO_TAG')
              throw missing(`No tag with name: ${input.key} in experiment with id ${input.experiment_id}`);
            throw error;
          }),
        ),
    }),
  ];

  /** Into the trash or out of it. What is there already is not there to MLflow. */
  private async move(ctx: Ctx, id: string, work: (id: string) => Promise<unknown>): Promise<void> {
    await work((await this.numbers.known(ctx, id)).id).catch((error: unknown) => {
      const reason = isDomainError(error) ? error.details?.['reason'] : undefined;
      throw reason === 'EXPERIMENT_DELETED' || reason === 'NOT_DELETED' ? noExperiment(id) : error;
    });
  }

  /** Runs a use case on the experiment of that number. */
  private async change(ctx: Ctx, id: string, work: (id: string) => Promise<unknown>): Promise<void> {
    await work((await this.numbers.known(ctx, id)).id).catch(deletedExperiment(id));
  }
}

function nameTaken(name: string) {
  return (error: unknown): never => {
    if (isDomainError(error) && error.details?.['reason'] === 'NAME_TAKEN')
      throw new MlflowError('RESOURCE_ALREADY_EXISTS', `Experiment(name=${name}) already exists.`);
    throw error;
  };
}

function checkName(name: string): void {
  if (name.trim() === '') throw invalid(`Invalid experiment name: '${name}'`);
  checkLength('name', name, 500);
}

function checkTag(key: string, value: string): void {
  checkKey(key, 'key', 'key');
  checkLength('value', value, MAX_TAG_VALUE);
}

/** A place that clients can write to: no fragment or parameters, and no way out of it. */
function checkLocation(location: string | undefined): void {
  if (!location) return;
  checkLength('artifact_location', location, 2048);
  const query = location.split('?')[1] ?? '';
  let decoded = location;
  for (let i = 0; i < 3 && decoded.includes('%'); i++)
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      break;
    }
  if (/[#;]/.test(decoded) || query.includes('..') || decoded.split(/[/\\]/).includes('..') || hasControl(decoded))
    throw invalid(`Invalid 'artifact_location': ${location}. It must be a plain URI without fragments, parameters or '..'.`);
}
