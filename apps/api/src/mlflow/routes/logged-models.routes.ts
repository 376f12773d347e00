import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { isDomainError } from '#kernel';
import { LoggedModelsService, LoggedModelsView, type FoundLoggedModel } from '#tracking';
import { loggedModelConditions, loggedModelOrder } from '../search/logged-model-filter.js';
import { LoggedModelToken } from '../search/logged-model-token.js';
import { safePath } from '../wire/artifact-path.js';
import { missing } from '../wire/errors.js';
import { fromLoggedModelId, fromRunId, toLoggedModelId, toRunId } from '../wire/ids.js';
import { compact, jsonDouble, record } from '../wire/json.js';
import { badValue, bool, int, list, missingValue, object, oneOf, required, text } from '../wire/message.js';
import { randomRunName } from '../wire/run-name.js';
import { route, type Route } from '../wire/route.js';
import { placeIn } from '../wire/run-json.js';
import { ArtifactRoutes } from './artifacts.routes.js';
import { artifactRoot, deletedExperiment, ExperimentNumbers } from './experiment-numbers.js';
import { TAG } from './experiments.routes.js';

const PARAM = object({ key: required(text), value: text });
const FINAL = oneOf('LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED');
const ID = { model_id: required(text) };
const PATH = '/mlflow/logged-models/:model_id';

/** Models that runs have logged (MLflow 3). */
@Injectable()
export class LoggedModelRoutes {
  constructor(
    private readonly service: LoggedModelsService,
    private readonly view: LoggedModelsView,
    private readonly numbers: ExperimentNumbers,
    private readonly artifacts: ArtifactRoutes,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateLoggedModel',
      on: 'POST /mlflow/logged-models',
      access: 'tracking.write',
      input: {
        experiment_id: required(text),
        name: text,
        model_type: text,
        source_run_id: text,
        params: list(PARAM),
        tags: list(TAG),
      },
      run: async ({ ctx, input }) => {
        const experiment = await this.numbers.known(ctx, input.experiment_id);
        const made = this.service.create(ctx, {
          experimentId: experiment.id,
          name: input.name || randomRunName(),
          modelType: input.model_type || null,
          sourceRunId: input.source_run_id ? toRunId(input.source_run_id) : null,
          params: record(input.params),
          tags: record(input.tags),
        });
        const { id } = await made.catch(deletedExperiment(input.experiment_id));
        return { model: toModel(await this.found(ctx, fromLoggedModelId(id))) };
      },
    }),
    ...route({
      rpc: 'SearchLoggedModels',
      on: 'POST /mlflow/logged-models/search',
      access: 'tracking.read',
      input: {
        experiment_ids: list(text),
        filter: text,
        datasets: list(object({ dataset_name: required(text), dataset_digest: text })),
        max_results: int,
        order_by: list(object({ field_name: required(text), ascending: bool, dataset_name: text, dataset_digest: text })),
        page_token: text,
      },
      run: async ({ ctx, input }) => {
        const limit = input.max_results ?? 50;
        if (limit < 1 || limit > 1000) throw badValue('max_results', limit, 'It must be between 1 and 1000.');
        const { experiment_ids: ids, filter = '', order_by: order } = input;
        if (ids.length === 0) throw missingValue('experiment_ids');
        const token = new LoggedModelToken(ids as string[], filter, order);
        const { models, next } = await this.view.search(ctx, {
          experimentIds: await this.numbers.knownIds(ctx, ids as string[]),
          where: loggedModelConditions(filter, input.datasets.length > 0),
          datasets: input.datasets.map(({ dataset_name, dataset_digest }) => ({
            name: dataset_name,
            digest: dataset_digest || undefined,
          })),
          orderBy: loggedModelOrder(order),
          limit,
          after: input.page_token ? token.read(input.page_token) : undefined,
        });
        return compact({ models: models.map(toModel), next_page_token: next && token.write(next) });
      },
    }),
    ...route({
      rpc: 'GetLoggedModel',
      on: `GET ${PATH}`,
      access: 'tracking.read',
      input: { ...ID, allow_deleted: bool },
      run: async ({ ctx, input }) => ({ model: toModel(await this.found(ctx, input.model_id, input.allow_deleted)) }),
    }),
    ...route({
      rpc: 'FinalizeLoggedModel',
      on: `PATCH ${PATH}`,
      access: 'tracking.write',
      input: { ...ID, status: required(FINAL) },
      run: async ({ ctx, input }) => {
        const status = input.status === 'LOGGED_MODEL_READY' ? 'READY' : 'UPLOAD_FAILED';
        await this.change(input.model_id, (id) => this.service.finalize(ctx, id, status));
        return { model: toModel(await this.found(ctx, input.model_id)) };
      },
    }),
    ...route({
      rpc: 'DeleteLoggedModel',
      on: `DELETE ${PATH}`,
      access: 'tracking.write',
      streams: true,
      input: ID,
      run: ({ ctx, input }) => this.change(input.model_id, (id) => this.service.delete(ctx, id)),
    }),
    ...route({
      rpc: 'LogLoggedModelParams',
      on: `POST ${PATH}/params`,
      access: 'tracking.write',
      input: { ...ID, params: list(PARAM) },
      run: ({ ctx, input }) => this.change(input.model_id, (id) => this.service.logParams(ctx, id, record(input.params))),
    }),
    ...route({
      rpc: 'SetLoggedModelTags',
      on: `PATCH ${PATH}/tags`,
      access: 'tracking.write',
      input: { ...ID, tags: list(TAG) },
      run: async ({ ctx, input }) => {
        await this.change(input.model_id, (id) => this.service.setTags(ctx, id, record(input.tags)));
        return { model: toModel(await this.found(ctx, input.model_id)) };
      },
    }),
    ...route({
      rpc: 'DeleteLoggedModelTag',
      on: `DELETE ${PATH}/tags/:tag_key`,
      access: 'tracking.write',
      streams: true,
      input: { ...ID, tag_key: required(text) },
      run: ({ ctx, input }) =>
        this.change(input.model_id, (id) =>
          this.service.deleteTag(ctx, id, input.tag_key).catch((error: unknown) => {
            if (isDomainError(error) && error.details?.['reason'] === 'NO_TAG')
              throw missing(`No tag with key '${input.tag_key}' found for model with ID '${input.model_id}'.`);
            throw error;
          }),
        ),
    }),
    ...route({
      rpc: 'ListLoggedModelArtifacts',
      on: `GET ${PATH}/artifacts/directories`,
      access: 'tracking.read',
      input: { ...ID, artifact_directory_path: text, page_token: text },
      run: async ({ ctx, input }) => {
        const model = await this.found(ctx, input.model_id);
        const path = safePath(input.artifact_directory_path ?? '');
        return {
          root_uri: artifactUri(model),
          ...(await this.artifacts.page(ctx, { ownerId: model.id, path }, input.page_token)),
        };
      },
    }),
    ...route({
      rpc: 'GetLoggedModelArtifact',
      on: `GET ${PATH}/artifacts/files`,
      access: 'tracking.read',
      input: { ...ID, artifact_file_path: required(text) },
      run: async ({ ctx, input, reply }) => {
        const model = await this.found(ctx, input.model_id);
        return this.artifacts.send(ctx, { ownerId: model.id, path: safePath(input.artifact_file_path) }, reply);
      },
    }),
  ];

  private async found(ctx: Ctx, id: string, allowDeleted = false): Promise<FoundLoggedModel> {
    const model = await this.view.byId(ctx, toLoggedModelId(id));
    if (!model || (model.deleted && !allowDeleted)) throw notFound(id);
    return model;
  }

  private async change(id: string, work: (id: string) => Promise<unknown>): Promise<void> {
    await work(toLoggedModelId(id)).catch((error: unknown) => {
      throw isDomainError(error) && error.code === 'NOT_FOUND' ? notFound(id) : error;
    });
  }
}

const notFound = (id: string): Error => missing(`Logged model with ID '${id}' not found.`);

const artifactUri = (model: FoundLoggedModel): string =>
  placeIn(
    artifactRoot({ artifactLocation: model.artifactLocation, number: model.experimentNumber }),
    `models/${fromLoggedModelId(model.id)}/artifacts`,
  );

const pairs = (record: Readonly<Record<string, string>>) => Object.entries(record).map(([key, value]) => ({ key, value }));

function toModel(model: FoundLoggedModel) {
  const id = fromLoggedModelId(model.id);
  return {
    info: compact({
      model_id: id,
      experiment_id: String(model.experimentNumber),
      name: model.name,
      creation_timestamp_ms: model.createdAt.getTime(),
      last_updated_timestamp_ms: model.updatedAt.getTime(),
      artifact_uri: artifactUri(model),
      status: `LOGGED_MODEL_${model.status}`,
      model_type: model.modelType,
      source_run_id: model.sourceRunId === null ? null : fromRunId(model.sourceRunId),
      status_message: model.statusMessage,
      tags: pairs(model.tags),
      registrations: [],
    }),
    data: {
      params: pairs(model.params),
      metrics: model.metrics.map((metric) =>
        compact({
          key: metric.key,
          value: jsonDouble(metric.value),
          timestamp: metric.timestamp,
          step: metric.step,
          dataset_name: metric.datasetName || null,
          dataset_digest: metric.datasetDigest || null,
          model_id: id,
          run_id: fromRunId(metric.runId),
        }),
      ),
    },
  };
}
