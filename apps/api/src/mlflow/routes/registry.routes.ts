import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { isDomainError } from '#kernel';
import {
  AliasesService,
  checkOpenName,
  ModelChangesService,
  mlflowStageFlow,
  ModelSearch,
  ModelsService,
  saysPrompt,
  VersionSearch,
  type FoundModel,
} from '#registry';
import { modelFilter, modelOrder } from '../search/registry-filter.js';
import { invalid, missing, MlflowError } from '../wire/errors.js';
import { compact, record } from '../wire/json.js';
import { int, list, required, text } from '../wire/message.js';
import { checkKey, pageSize } from '../wire/names.js';
import { route, type Route } from '../wire/route.js';
import { some, stageOf, tagList, toVersion } from '../wire/version-json.js';
import { TAG } from './experiments.routes.js';
import { inWords, MODEL_NAME, noModel, VERSION } from './model-versions.routes.js';

/** Tag by which a client may say into which project a new model goes. */
const PROJECT_TAG = 'tailrace.project';
const NAMED = { name: required(MODEL_NAME) };
const ALIASED = { ...NAMED, alias: required(text) };

export function toModel(model: FoundModel) {
  return compact({
    name: model.name,
    creation_timestamp: model.createdAt.getTime(),
    last_updated_timestamp: model.updatedAt.getTime(),
    description: model.description || undefined,
    latest_versions: some(model.newest.map(toVersion)),
    tags: some(tagList(model.tags)),
    aliases: some(model.aliases.map(({ alias, number }) => ({ alias, version: String(number) }))),
  });
}

/** Registered models, their tags and aliases. */
@Injectable()
export class RegisteredModelRoutes {
  constructor(
    private readonly service: ModelsService,
    private readonly changes: ModelChangesService,
    private readonly aliases: AliasesService,
    private readonly search: ModelSearch,
    private readonly versions: VersionSearch,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateRegisteredModel',
      on: 'POST /mlflow/registered-models/create',
      access: 'registry.write',
      input: { ...NAMED, tags: list(TAG), description: text },
      run: async ({ ctx, input }) => {
        input.tags.forEach(({ key }) => checkKey(key, 'key', 'key'));
        const { name, description } = input;
        const tags = record(input.tags);
        const made = { name, description, tags, project: tags[PROJECT_TAG], flow: mlflowStageFlow() };
        await this.service.create(ctx, made, checkOpenName).catch((error) => this.nameTaken(ctx, name, tags, error));
        return this.shown(ctx, name);
      },
    }),
    ...route({
      rpc: 'RenameRegisteredModel',
      on: 'POST /mlflow/registered-models/rename',
      access: 'registry.write',
      input: { ...NAMED, new_name: required(MODEL_NAME) },
      run: async ({ ctx, input: { name, new_name: newName } }) => {
        const renamed = this.changes.update(ctx, { name }, { name: newName }, checkOpenName);
        await inWords(renamed).catch((error) => this.nameTaken(ctx, newName, {}, error));
        return this.shown(ctx, newName);
      },
    }),
    ...route({
      rpc: 'UpdateRegisteredModel',
      on: 'PATCH /mlflow/registered-models/update',
      access: 'registry.write',
      input: { ...NAMED, description: text },
      run: async ({ ctx, input: { name, description = '' } }) => {
        await inWords(this.changes.update(ctx, { name }, { description }));
        return this.shown(ctx, name);
      },
    }),
    ...route({
      rpc: 'DeleteRegisteredModel',
      on: 'DELETE /mlflow/registered-models/delete',
      access: 'registry.write',
      input: NAMED,
      run: async ({ ctx, input: { name } }) => {
        await inWords(this.changes.delete(ctx, { name }));
      },
    }),
    ...route({
      rpc: 'GetRegisteredModel',
      on: 'GET /mlflow/registered-models/get',
      access: 'registry.read',
      input: NAMED,
      run: ({ ctx, input: { name } }) => this.shown(ctx, name),
    }),
    ...route({
      rpc: 'SearchRegisteredModels',
      on: 'GET /mlflow/registered-models/search',
      access: 'registry.read',
      input: { filter: text, max_results: int, order_by: list(text), page_token: text },
      run: async ({ ctx, input }) => {
        const { models, next } = await this.search.search(ctx, {
          ...modelFilter(input.filter ?? ''),
          orderBy: modelOrder(input.order_by as string[]),
          limit: pageSize(input.max_results, 100, 1000),
          after: input.page_token || undefined,
        });
        return compact({ registered_models: some(models.map(toModel)), next_page_token: next });
      },
    }),
    ...route({
      rpc: 'GetLatestVersions',
      on: ['POST /mlflow/registered-models/get-latest-versions', 'GET /mlflow/registered-models/get-latest-versions'],
      access: 'registry.read',
      input: { ...NAMED, stages: list(text) },
      run: async ({ ctx, input }) => {
        const model = await this.find(ctx, input.name);
        const stages = (input.stages as string[]).map((stage) => stageOf(stage, model.stages));
        const found = model.newest.filter(({ stage }) => stages.length === 0 || stages.includes(stage));
        return compact({ model_versions: some(found.map(toVersion)) });
      },
    }),
    ...route({
      rpc: 'SetRegisteredModelTag',
      on: 'POST /mlflow/registered-models/set-tag',
      access: 'registry.write',
      input: { ...NAMED, key: required(text), value: text },
      run: async ({ ctx, input }) => {
        checkKey(input.key, 'key', 'key');
        await inWords(this.changes.update(ctx, { name: input.name }, { tags: record([input]) }));
      },
    }),
    ...route({
      rpc: 'DeleteRegisteredModelTag',
      on: 'DELETE /mlflow/registered-models/delete-tag',
      access: 'registry.write',
      input: { ...NAMED, key: required(text) },
      run: async ({ ctx, input: { name, key } }) => {
        await inWords(this.changes.update(ctx, { name }, { tags: { [key]: null } }));
      },
    }),
    ...route({
      rpc: 'SetRegisteredModelAlias',
      on: 'POST /mlflow/registered-models/alias',
      access: 'registry.write',
      input: { ...ALIASED, version: required(VERSION) },
      run: async ({ ctx, input }) => {
        await inWords(this.aliases.set(ctx, { model: input.name, number: input.version }, input.alias), input);
      },
    }),
    ...route({
      rpc: 'DeleteRegisteredModelAlias',
      on: 'DELETE /mlflow/registered-models/alias',
      access: 'registry.write',
      input: ALIASED,
      run: async ({ ctx, input: { name, alias } }) => {
        await inWords(this.aliases.remove(ctx, { name }, alias));
      },
    }),
    ...route({
      rpc: 'GetModelVersionByAlias',
      on: 'GET /mlflow/registered-models/alias',
      access: 'registry.read',
      input: ALIASED,
      run: async ({ ctx, input: { name, alias } }) => {
        const found = await this.versions.byAlias(ctx, name, alias);
        if (found) return { model_version: toVersion(found) };
        await this.find(ctx, name);
        if (alias.toLowerCase() === 'latest') throw missing(`Latest version not found for model ${name}.`);
        throw invalid(`Registered model alias ${alias} not found.`);
      },
    }),
  ];

  private async find(ctx: Ctx, name: string): Promise<FoundModel> {
    const model = await this.search.byName(ctx, name);
    if (!model) throw noModel(name);
    return model;
  }

  private async shown(ctx: Ctx, name: string) {
    return { registered_model: toModel(await this.find(ctx, name)) };
  }

  /** Prompts and models share their names. */
  private async nameTaken(ctx: Ctx, name: string, tags: Readonly<Record<string, string>>, error: unknown): Promise<never> {
    if (!isDomainError(error) || error.details?.['reason'] !== 'NAME_TAKEN') throw error;
    const noun = (prompt: boolean | undefined) => (prompt ? 'Prompt' : 'Registered Model');
    const [old, made] = [noun((await this.search.byName(ctx, name))?.prompt), noun(saysPrompt(tags))];
    throw new MlflowError(
      'RESOURCE_ALREADY_EXISTS',
      old === made
        ? `${made} (name=${name}) already exists.`
        : `Tried to create a ${made.toLowerCase()} with name '${name}', but the name is already taken by a ${old.toLowerCase()}. ` +
            'MLflow does not allow creating a model and a prompt with the same name.',
    );
  }
}
