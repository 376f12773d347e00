import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { MetricHistory, MetricKeys, type FoundRun, type PointText } from '#tracking';
import { invalid } from '../wire/errors.js';
import { fromRunId } from '../wire/ids.js';
import { RawJson, rawDouble } from '../wire/json.js';
import { badValue, int, list, missingValue, required, text } from '../wire/message.js';
import { route, type Route } from '../wire/route.js';
import { RUN_ID, RunRoutes } from './runs.routes.js';

const MOST_RUNS = 100;
const MOST_BULK = 25_000;
const MOST_SAMPLED = 2500;

@Injectable()
export class MetricRoutes {
  constructor(
    private readonly history: MetricHistory,
    private readonly keys: MetricKeys,
    private readonly runs: RunRoutes,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'GetMetricHistory',
      on: 'GET /mlflow/metrics/get-history',
      access: 'tracking.read',
      input: { run_id: RUN_ID, metric_key: required(text), page_token: text, max_results: int },
      run: async ({ ctx, input, reply }) => {
        if (input.max_results !== undefined && input.max_results <= 0)
          throw badValue('max_results', input.max_results, 'It must be a positive integer.');
        const run = await this.runs.found(ctx, input.run_id);
        const key = await this.keyId(ctx, input.metric_key);
        if (key === undefined) return { metrics: [] };
        const name = JSON.stringify(input.metric_key);
        if (input.max_results !== undefined || input.page_token) {
          const { points, next } = await this.history.page(
            run.num,
            key,
            input.max_results ?? MOST_BULK,
            input.page_token || undefined,
          );
          return new RawJson(
            `{"metrics":[${points.map((point) => pointJson(name, point)).join()}]${next ? `,"next_page_token":"${next}"` : ''}}`,
          );
        }
        void reply.header('content-type', 'application/json; charset=utf-8');
        return reply.send(Readable.from(this.whole(run, key, name)));
      },
    }),
    ...route({
      rpc: 'GetMetricHistoryBulk',
      on: 'GET /mlflow/metrics/get-history-bulk',
      access: 'tracking.read',
      input: { run_id: list(text), metric_key: text, max_results: int },
      run: async ({ ctx, input }) => {
        const ids = checkedRuns(input.run_id as string[]);
        if (input.metric_key === undefined) throw invalid('GetMetricHistoryBulk request must specify a metric_key.');
        const most = Math.min(input.max_results ?? MOST_BULK, MOST_BULK);
        const key = await this.keyId(ctx, input.metric_key);
        const name = JSON.stringify(input.metric_key);
        const metrics: string[] = [];
        const runs = await this.runs.foundAll(ctx, [...ids].sort());
        for (const run of runs) {
          if (key === undefined || metrics.length >= most) break;
          const { points } = await this.history.page(run.num, key, most - metrics.length);
          metrics.push(...points.map((point) => pointJson(name, point, fromRunId(run.id))));
        }
        return new RawJson(`{"metrics":[${metrics.join()}]}`);
      },
    }),
    ...route({
      rpc: 'GetMetricHistoryBulkInterval',
      on: 'GET /mlflow/metrics/get-history-bulk-interval',
      access: 'tracking.read',
      input: { run_ids: list(text), metric_key: required(text), start_step: int, end_step: int, max_results: int },
      run: async ({ ctx, input }) => {
        const ids = input.run_ids as string[];
        if (ids.length === 0) throw missingValue('run_ids');
        if (ids.length > MOST_RUNS)
          throw invalid(
            `GetMetricHistoryBulkInterval request must specify at most ${MOST_RUNS} run_ids. Received ${ids.length} run_ids.`,
          );
        const range = checkedRange(input.start_step, input.end_step);
        const most = input.max_results ?? MOST_SAMPLED;
        if (most < 1 || most > MOST_SAMPLED)
          throw badValue('max_results', most, `max_results must be between 1 and ${MOST_SAMPLED}.`);
        const runs = await this.runs.foundAll(ctx, ids);
        const key = await this.keyId(ctx, input.metric_key);
        if (key === undefined) return { metrics: [] };
        const hex = new Map(runs.map((run) => [String(run.num), fromRunId(run.id)]));
        const points = await this.history.sampled(
          runs.map((run) => run.num),
          key,
          most,
          range,
        );
        const name = JSON.stringify(input.metric_key);
        return new RawJson(
          `{"metrics":[${points.map(([value, ts, step, run]) => pointJson(name, [value, ts, step], hex.get(run))).join()}]}`,
        );
      },
    }),
  ];

  private async keyId(ctx: Ctx, name: string): Promise<number | undefined> {
    return (await this.keys.ids(ctx.workspaceId, [name])).get(name);
  }

  /** All of a history, for clients that send no `max_results`, at flat memory. */
  private async *whole(run: FoundRun, key: number, name: string): AsyncGenerator<string> {
    let first = true;
    yield '{"metrics":[';
    for await (const points of this.history.pages(run.num, key)) {
      if (points.length > 0) yield `${first ? '' : ','}${points.map((point) => pointJson(name, point)).join()}`;
      first &&= points.length === 0;
    }
    yield ']}';
  }
}

function pointJson(key: string, [value, timestamp, step]: PointText, runId?: string): string {
  const run = runId === undefined ? '' : `,"run_id":"${runId}"`;
  return `{"key":${key},"value":${rawDouble(value)},"timestamp":${timestamp},"step":${step}${run}}`;
}

function checkedRuns(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw invalid('GetMetricHistoryBulk request must specify at least one run_id.');
  if (ids.length > MOST_RUNS)
    throw invalid(`GetMetricHistoryBulk request cannot specify more than ${MOST_RUNS} run_ids. Received ${ids.length} run_ids.`);
  return ids;
}

function checkedRange(from: number | undefined, to: number | undefined): { from: number; to: number } | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined)
    throw invalid('If either start step or end step are specified, both must be specified.');
  if (from > to) throw invalid(`end_step must be greater than start_step. Found start_step=${from} and end_step=${to}.`);
  return { from, to };
}
