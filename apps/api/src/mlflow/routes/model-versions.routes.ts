import { Injectable } from '@nestjs/common';
import { AccessView, memberOf, type Ctx } from '#access';
import { isDomainError } from '#kernel';
import {
  checkOpenName,
  ModelSearch,
  saysPrompt,
  StagesService,
  VersionSearch,
  VersionsService,
  type FoundVersion,
} from '#registry';
import { LoggedModelsService } from '#tracking';
import { versionFilter, versionOrder } from '../search/registry-filter.js';
import { invalid, missing } from '../wire/errors.js';
import { artifactTarget, safePath } from '../wire/artifact-path.js';
import { compact, record } from '../wire/json.js';
import { bool, int, list, missingValue, required, text, type Field } from '../wire/message.js';
import { checkKey, pageSize } from '../wire/names.js';
import { route, type Route } from '../wire/route.js';
import { ArtifactRoutes } from './artifacts.routes.js';
import { some, stageOf, toVersion } from '../wire/version-json.js';
import { VERSIONS_TAG, versionsTag } from '../wire/versions-tag.js';
import { TAG } from './experiments.routes.js';

/** Stages whose versions a transition may archive. */
const ACTIVE = ['staging', 'production'];

/** Name of a model that can be one. */
export const MODEL_NAME: Field<string | undefined> = {
  ...text,
  read: (value, path) => {
    const name = text.read(value, path)!;
    if (name.trim() === '') throw missingValue(path);
    checkOpenName(name);
    return name;
  },
};

/** A version's number, which clients write as text. */
export const VERSION: Field<number | undefined> = {
  ...int,
  read: (value, path) => {
    if (!/^\s*[+-]?\d+\s*$/.test(String(value)))
      throw invalid(`Parameter '${path}' must be an integer, got '${String(value).slice(0, 100)}'.`);
    return Number(value);
  },
};

const ONE = { name: required(MODEL_NAME), version: required(VERSION) };

export const noModel = (name: string) => missing(`Registered Model with name=${name} not found`);
export const noVersion = (name: string, version: unknown) =>
  missing(`Model Version (name=${name}, version=${String(version)}) not found`);

/** A use case on a model or, with `version`, on a version of it: what is not there is said in MLflow's words. */
export async function inWords<T>(work: Promise<T>, version?: { readonly name: string; readonly version: number }): Promise<T> {
  return work.catch((error: unknown) => {
    const { reason, name, number } = (isDomainError(error) ? error.details : undefined) ?? {};
    if (reason !== 'NO_MODEL' && reason !== 'NO_VERSION') throw error;
    if (version) throw noVersion(version.name, version.version);
    throw reason === 'NO_MODEL' ? noModel(String(name)) : noVersion(String(name), number);
  });
}

/** Versions of registered models. */
@Injectable()
export class ModelVersionRoutes {
  constructor(
    private readonly service: VersionsService,
    private readonly stages: StagesService,
    private readonly search: VersionSearch,
    private readonly models: ModelSearch,
    private readonly access: AccessView,
    private readonly artifacts: ArtifactRoutes,
    private readonly loggedModels: LoggedModelsService,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateModelVersion',
      on: 'POST /mlflow/model-versions/create',
      access: 'registry.write',
      input: {
        name: required(MODEL_NAME),
        source: required(text),
        run_id: text,
        tags: list(TAG),
        run_link: text,
        description: text,
        model_id: text,
      },
      run: async ({ ctx, input }) => {
        input.tags.forEach(({ key }) => checkKey(key, 'key', 'key'));
        const { name, source, run_id: runId, run_link: runLink, model_id: loggedModelId, description } = input;
        const made = {
          source,
          runId,
          loggedModelId,
          runLink,
          description,
          tags: record(input.tags),
          userName: await this.userName(ctx),
        };
        const { number } = await inWords(this.service.create(ctx, { name }, made));
        const version = await this.find(ctx, { name, version: number });
        await this.noteOnModel(ctx, version);
        return { model_version: toVersion(version) };
      },
    }),
    ...route({
      rpc: 'GetModelVersion',
      on: 'GET /mlflow/model-versions/get',
      access: 'registry.read',
      input: ONE,
      run: ({ ctx, input }) => this.shown(ctx, input),
    }),
    ...route({
      rpc: 'GetModelVersionDownloadUri',
      on: 'GET /mlflow/model-versions/get-download-uri',
      access: 'registry.read',
      input: ONE,
      run: async ({ ctx, input }) => {
        const { storageLocation, source } = await this.find(ctx, input);
        return { artifact_uri: storageLocation ?? source ?? '' };
      },
    }),
    ...route({
      rpc: 'GetModelVersionArtifact',
      on: 'GET //model-versions/get-artifact',
      access: 'registry.read',
      input: { ...ONE, path: required(text) },
      run: async ({ ctx, input, reply }) => {
        const path = safePath(input.path);
        const { storageLocation, source } = await this.find(ctx, input);
        const root = /^mlflow-artifacts:\/+(.+)$/.exec(storageLocation ?? source ?? '')?.[1];
        if (root === undefined)
          throw invalid('the files of this model version are not kept here; fetch them from its download URI');
        return this.artifacts.send(ctx, artifactTarget(ctx.workspaceId, safePath(`${root.replace(/\/+$/, '')}/${path}`)), reply);
      },
    }),
    ...route({
      rpc: 'SearchModelVersions',
      on: 'GET /mlflow/model-versions/search',
      access: 'registry.read',
      input: { filter: text, max_results: int, order_by: list(text), page_token: text },
      run: async ({ ctx, input }) => {
        const { versions, next } = await this.search.search(ctx, {
          ...versionFilter(input.filter ?? ''),
          orderBy: versionOrder(input.order_by as string[]),
          limit: pageSize(input.max_results, 10_000, 200_000),
          after: input.page_token || undefined,
        });
        return compact({ model_versions: some(versions.map(toVersion)), next_page_token: next });
      },
    }),
    ...route({
      rpc: 'UpdateModelVersion',
      on: 'PATCH /mlflow/model-versions/update',
      access: 'registry.write',
      input: { ...ONE, description: text },
      run: async ({ ctx, input }) => {
        await this.change(input, (ref) => this.service.update(ctx, ref, { description: input.description ?? '' }));
        return this.shown(ctx, input);
      },
    }),
    ...route({
      rpc: 'DeleteModelVersion',
      on: 'DELETE /mlflow/model-versions/delete',
      access: 'registry.write',
      input: ONE,
      run: ({ ctx, input }) => this.change(input, (ref) => this.service.delete(ctx, ref)),
    }),
    ...route({
      rpc: 'TransitionModelVersionStage',
      on: 'POST /mlflow/model-versions/transition-stage',
      access: 'registry.write',
      input: { ...ONE, stage: required(text), archive_existing_versions: bool },
      run: async ({ ctx, input }) => {
        const { archive_existing_versions: archiveOthers = false } = input;
        const stage = stageOf(input.stage, (await this.models.byName(ctx, input.name))?.stages);
        if (archiveOthers && !ACTIVE.includes(stage))
          throw invalid(
            `Model version transition cannot archive existing model versions because '${input.stage}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
          );
        await this.change(input, (ref) => this.stages.move(ctx, ref, { stage, archiveOthers }));
        return this.shown(ctx, input);
      },
    }),
    ...route({
      rpc: 'SetModelVersionTag',
      on: 'POST /mlflow/model-versions/set-tag',
      access: 'registry.write',
      input: { ...ONE, key: required(text), value: text },
      run: async ({ ctx, input }) => {
        checkKey(input.key, 'key', 'key');
        await this.change(input, (ref) => this.service.update(ctx, ref, { tags: record([input]) }));
      },
    }),
    ...route({
      rpc: 'DeleteModelVersionTag',
      on: 'DELETE /mlflow/model-versions/delete-tag',
      access: 'registry.write',
      input: { ...ONE, key: required(text) },
      run: ({ ctx, input }) => this.change(input, (ref) => this.service.update(ctx, ref, { tags: { [input.key]: null } })),
    }),
  ];

  private async find(ctx: Ctx, { name, version }: { name: string; version: number }): Promise<FoundVersion> {
    const found = await this.search.byNumber(ctx, name, version);
    if (!found) throw noVersion(name, version);
    return found;
  }

  private async shown(ctx: Ctx, one: { name: string; version: number }) {
    return { model_version: toVersion(await this.find(ctx, one)) };
  }

  private async change(
    one: { readonly name: string; readonly version: number },
    work: (ref: { model: string; number: number }) => Promise<unknown>,
  ): Promise<void> {
    await inWords(work({ model: one.name, number: one.version }), one);
  }

  /** The logged model of a version says so in a tag, by which clients show it. Who may not write there registers all the same. */
  private async noteOnModel(ctx: Ctx, { model: name, number: version, loggedModelId, tags }: FoundVersion): Promise<void> {
    if (!loggedModelId?.startsWith('lgm_') || saysPrompt(tags)) return;
    await this.loggedModels
      .changeTag(ctx, loggedModelId, VERSIONS_TAG, (old) => versionsTag(old, { name, version }))
      .catch((error: unknown) => {
        if (!isDomainError(error) || (error.code !== 'FORBIDDEN' && error.code !== 'NOT_FOUND')) throw error;
      });
  }

  private async userName(ctx: Ctx): Promise<string | undefined> {
    const member = memberOf(ctx);
    return member ? (await this.access.membersByIds(ctx, [member]))[0]?.name : undefined;
  }
}
