import { Injectable } from '@nestjs/common';
import { isDomainError } from '#kernel';
import { LoggingService, type LogInput, type Point } from '#tracking';
import { invalid, missing } from '../wire/errors.js';
import { toLoggedModelId, toRunId } from '../wire/ids.js';
import { record } from '../wire/json.js';
import { anything, badValue, double, int, list, object, required, text, wrongType } from '../wire/message.js';
import { checkKey, checkLength, cut, MAX_PARAM_VALUE } from '../wire/names.js';
import { runErrors } from '../wire/run-errors.js';
import { route, type Route } from '../wire/route.js';
import { TAG } from './experiments.routes.js';
import { checkedTags, checkRunId, PARENT_TAG, RUN_ID, RunRoutes, splitTags } from './runs.routes.js';

const METRIC = {
  key: required(text),
  value: required(double),
  timestamp: required(int),
  step: int,
  model_id: text,
  dataset_name: text,
  dataset_digest: text,
};
const PARAM = object({ key: required(text), value: text });
const DATASET = object({
  name: required(text),
  digest: required(text),
  source_type: required(text),
  source: required(text),
  schema: text,
  profile: text,
});

/** Most entries of one log-batch, by kind and together. */
const MOST = { metrics: 1000, params: 100, tags: 100, 'metrics, params, and tags': 1000 } as const;
const MODEL_HISTORY_TAG = 'mlflow.log-model.history';

interface MetricMessage {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step?: number | undefined;
  readonly model_id?: string | undefined;
  readonly dataset_name?: string | undefined;
  readonly dataset_digest?: string | undefined;
}

@Injectable()
export class LoggingRoutes {
  constructor(
    private readonly service: LoggingService,
    private readonly runs: RunRoutes,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'LogMetric',
      on: 'POST /mlflow/runs/log-metric',
      access: 'tracking.write',
      input: { run_id: RUN_ID, ...METRIC },
      run: ({ ctx, input }) => this.log(ctx, input.run_id, { points: [toPoint(input, '')] }),
    }),
    ...route({
      rpc: 'LogParam',
      on: 'POST /mlflow/runs/log-parameter',
      access: 'tracking.write',
      input: { run_id: RUN_ID, key: required(text), value: text },
      run: ({ ctx, input }) => this.log(ctx, input.run_id, { params: checkedParams([input], () => 'key') }),
    }),
    ...route({
      rpc: 'SetTag',
      on: 'POST /mlflow/runs/set-tag',
      access: 'tracking.write',
      input: { run_id: RUN_ID, key: required(text), value: text },
      run: ({ ctx, input }) => {
        checkKey(input.key, 'key', 'key');
        return this.log(ctx, input.run_id, withTags(checkedTags([input])));
      },
    }),
    ...route({
      rpc: 'DeleteTag',
      on: 'POST /mlflow/runs/delete-tag',
      access: 'tracking.write',
      input: { run_id: RUN_ID, key: required(text) },
      run: async ({ ctx, input }) => {
        // The parent is an attribute of the run, shown as a tag.
        if (input.key === PARENT_TAG && (await this.runs.found(ctx, input.run_id)).parentId !== null)
          return this.log(ctx, input.run_id, { patch: { parentId: null } });
        await this.service
          .deleteTag(ctx, toRunId(input.run_id), input.key)
          .catch((error: unknown) => {
            if (isDomainError(error) && error.details?.['reason'] === 'NO_TAG')
              throw missing(`No tag with name: ${input.key} in run with id ${input.run_id}`);
            throw error;
          })
          .catch(runErrors(input.run_id));
      },
    }),
    ...route({
      rpc: 'LogBatch',
      on: 'POST /mlflow/runs/log-batch',
      access: 'tracking.write',
      input: { run_id: RUN_ID, metrics: list(object(METRIC)), params: list(PARAM), tags: list(TAG) },
      run: ({ ctx, input }) => {
        const { metrics, params, tags } = input;
        checkSize('metrics', metrics.length);
        checkSize('params', params.length);
        checkSize('tags', tags.length);
        checkSize('metrics, params, and tags', metrics.length + params.length + tags.length);
        const points = metrics.map((metric, i) => toPoint(metric, `metrics[${i}].`));
        const checked = checkedParams(params, (i) => `params[${i}].key`);
        return this.log(ctx, input.run_id, { points, params: checked, ...withTags(checkedTags(tags)) });
      },
    }),
    ...route({
      rpc: 'LogInputs',
      on: 'POST /mlflow/runs/log-inputs',
      access: 'tracking.write',
      input: {
        run_id: RUN_ID,
        datasets: list(object({ tags: list(TAG), dataset: required(DATASET) })),
        models: list(object({ model_id: required(text) })),
      },
      run: async ({ ctx, input }) => {
        const datasets = input.datasets.map(({ dataset, tags }) => {
          checkDataset(dataset);
          tags.forEach((tag) => (checkLength('key', tag.key, 255), checkLength('value', tag.value ?? '', 500)));
          const { source_type: sourceType, ...rest } = dataset;
          return { ...rest, sourceType, tags: record(tags) };
        });
        checkRunId(input.run_id);
        await this.service
          .logInputs(ctx, toRunId(input.run_id), {
            datasets,
            modelIds: input.models.map((model) => toLoggedModelId(model.model_id)),
          })
          .catch(runErrors(input.run_id));
      },
    }),
    ...route({
      rpc: 'LogOutputs',
      on: 'POST /mlflow/runs/outputs',
      access: 'tracking.write',
      input: { run_id: RUN_ID, models: list(object({ model_id: required(text), step: int })) },
      run: async ({ ctx, input }) => {
        const models = input.models.map(({ model_id, step }) => ({ modelId: toLoggedModelId(model_id), step: step ?? 0 }));
        await this.service.logOutputs(ctx, toRunId(input.run_id), models).catch(runErrors(input.run_id));
      },
    }),
    ...route({
      rpc: 'LogModel',
      on: 'POST /mlflow/runs/log-model',
      access: 'tracking.write',
      input: { run_id: RUN_ID, model_json: required(anything) },
      run: async ({ ctx, input }) => {
        const model = checkedModel(input.model_json);
        const append = (old: string | undefined) => JSON.stringify([...(old ? (JSON.parse(old) as unknown[]) : []), model]);
        await this.service.changeTag(ctx, toRunId(input.run_id), MODEL_HISTORY_TAG, append).catch(runErrors(input.run_id));
      },
    }),
  ];

  private async log(ctx: Parameters<LoggingService['log']>[0], id: string, input: LogInput): Promise<void> {
    checkRunId(id);
    await this.service.log(ctx, toRunId(id), input).catch(runErrors(id));
  }
}

function toPoint(metric: MetricMessage, path: string): Point {
  checkKey(metric.key, `${path}name`, 'Metric name');
  if (metric.timestamp < 0)
    throw badValue(`${path}timestamp`, metric.timestamp, 'Timestamp must be a nonnegative long (64-bit integer)');
  const { key, value, timestamp, step = 0 } = metric;
  if (!metric.model_id) return { key, value, timestamp, step };
  const [modelId, datasetName, datasetDigest] = [toLoggedModelId(metric.model_id), metric.dataset_name, metric.dataset_digest];
  return { key, value, timestamp, step, modelId, datasetName, datasetDigest };
}

function checkedParams(
  params: readonly { readonly key: string; readonly value?: string | undefined }[],
  pathOf: (i: number) => string,
): Record<string, string> {
  const seen = new Set<string>();
  const twice: string[] = [];
  params.forEach(({ key }, i) => {
    checkKey(key, pathOf(i), 'Param key');
    if (seen.has(key)) twice.push(key);
    seen.add(key);
  });
  if (twice.length > 0)
    throw invalid(
      `Duplicate parameter keys have been submitted: [${twice.map((key) => `'${key}'`).join(', ')}]. Please ensure the request contains only one param value per param key.`,
    );
  return record(params.map(({ key, value }) => ({ key, value: cut(value ?? '', MAX_PARAM_VALUE) })));
}

/** Tags of a run, of which two are attributes of the run itself. */
function withTags(tags: Readonly<Record<string, string>>): Pick<LogInput, 'tags' | 'patch'> {
  const { plain, name, parentId } = splitTags(tags);
  return { tags: plain, patch: name === undefined && parentId === undefined ? undefined : { name, parentId } };
}

function checkSize(what: keyof typeof MOST, length: number): void {
  if (length > MOST[what])
    throw invalid(
      `A batch logging request can contain at most ${MOST[what]} ${what}. Got ${length} ${what}. Please split up ${what} across multiple requests and try again.`,
    );
}

function checkDataset(dataset: {
  name: string;
  digest: string;
  source: string;
  schema?: string | undefined;
  profile?: string | undefined;
}): void {
  checkLength('name', dataset.name, 500);
  checkLength('digest', dataset.digest, 36);
  checkLength('source', dataset.source, 65_535);
  checkLength('schema', dataset.schema ?? '', 1_048_575);
  checkLength('profile', dataset.profile ?? '', 16_777_215);
}

function checkedModel(json: unknown): Record<string, unknown> {
  if (typeof json !== 'string' && typeof json !== 'object') throw wrongType('model_json', json);
  let model: unknown;
  try {
    model = typeof json === 'string' ? JSON.parse(json) : json;
  } catch {
    throw invalid(`Malformed model info. \n ${String(json).slice(0, 500)} \n is not valid JSON.`);
  }
  const required = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'];
  const absent = required.filter((name) => !Object.hasOwn(Object(model) as object, name));
  if (absent.length > 0)
    throw invalid(`Model json is missing mandatory fields: [${absent.map((name) => `'${name}'`).join(', ')}]`);
  return model as Record<string, unknown>;
}
