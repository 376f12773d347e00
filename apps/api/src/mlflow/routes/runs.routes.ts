import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { NO_DETAILS, RunDetailsView, RunSearch, RunsService, type FoundRun } from '#tracking';
import { runCondition, runOrder } from '../search/run-filter.js';
import { invalid, missing } from '../wire/errors.js';
import { toRunId } from '../wire/ids.js';
import { RawJson, record } from '../wire/json.js';
import { int, list, oneOf, required, text } from '../wire/message.js';
import { checkKey, cut, MAX_RUN_TAG_VALUE, pageSize } from '../wire/names.js';
import { runErrors } from '../wire/run-errors.js';
import { infoJson, runJson, tagJson } from '../wire/run-json.js';
import { randomRunName } from '../wire/run-name.js';
import { route, type Route } from '../wire/route.js';
import { ExperimentNumbers } from './experiment-numbers.js';
import { TAG, VIEW, VIEWS } from './experiments.routes.js';

/** The run that a call names, under either of its names. */
export const RUN_ID = required(text, 'run_uuid');
const STATUS = oneOf('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED');

export const RUN_NAME_TAG = 'mlflow.runName';
export const PARENT_TAG = 'mlflow.parentRunId';

/** Runs of one piece of a large answer. */
const PIECE = 500;

@Injectable()
export class RunRoutes {
  constructor(
    private readonly service: RunsService,
    private readonly search: RunSearch,
    private readonly details: RunDetailsView,
    private readonly numbers: ExperimentNumbers,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateRun',
      on: 'POST /mlflow/runs/create',
      access: 'tracking.write',
      input: { experiment_id: text, user_id: text, run_name: text, start_time: int, tags: list(TAG) },
      run: async ({ ctx, input }) => {
        const tags = checkedTags(input.tags);
        const named = tags[RUN_NAME_TAG];
        if (input.run_name && named && named !== input.run_name)
          throw invalid(
            `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${input.run_name}', mlflow.runName='${named}').`,
          );
        const experiment = await this.numbers.known(ctx, input.experiment_id || '0');
        const { plain, parentId } = splitTags(tags);
        const run = {
          experimentId: experiment.id,
          name: input.run_name || named || randomRunName(),
          userName: input.user_id ?? '',
          startedAt: new Date(input.start_time || ctx.clock.now().getTime()),
          parentId: parentId ?? null,
          tags: plain,
        };
        const { id } = await this.service.create(ctx, run).catch(runErrors(''));
        const { number: experimentNumber, artifactLocation } = experiment;
        const state = { status: 'RUNNING', endedAt: null, deleted: false } as const;
        const tagItems = Object.entries(plain).map(([key, value]) => tagJson(key, value));
        return new RawJson(
          `{"run":${runJson({ ...run, ...state, id, experimentNumber, artifactLocation }, { ...NO_DETAILS, tags: tagItems.join() })}}`,
        );
      },
    }),
    ...route({
      rpc: 'UpdateRun',
      on: 'POST /mlflow/runs/update',
      access: 'tracking.write',
      input: { run_id: RUN_ID, status: STATUS, end_time: int, run_name: text },
      run: async ({ ctx, input }) => {
        const endedAt = input.end_time ? new Date(input.end_time) : undefined;
        await this.service
          .update(ctx, toRunId(input.run_id), { status: input.status, endedAt, name: input.run_name || undefined })
          .catch(runErrors(input.run_id));
        return new RawJson(`{"run_info":${infoJson(await this.found(ctx, input.run_id))}}`);
      },
    }),
    ...route({
      rpc: 'GetRun',
      on: 'GET /mlflow/runs/get',
      access: 'tracking.read',
      input: { run_id: RUN_ID },
      run: async ({ ctx, input }) => {
        const run = await this.found(ctx, input.run_id);
        const details = await this.details.byRuns([run]);
        return new RawJson(`{"run":${runJson(run, details.get(run.num)!)}}`);
      },
    }),
    ...route({
      rpc: 'DeleteRun',
      on: 'POST /mlflow/runs/delete',
      access: 'tracking.write',
      input: { run_id: RUN_ID },
      run: async ({ ctx, input }) => {
        await this.service.setDeleted(ctx, toRunId(input.run_id), true).catch(runErrors(input.run_id));
      },
    }),
    ...route({
      rpc: 'RestoreRun',
      on: 'POST /mlflow/runs/restore',
      access: 'tracking.write',
      input: { run_id: RUN_ID },
      run: async ({ ctx, input }) => {
        await this.service.setDeleted(ctx, toRunId(input.run_id), false).catch(runErrors(input.run_id));
      },
    }),
    ...route({
      rpc: 'SearchRuns',
      on: 'POST /mlflow/runs/search',
      access: 'tracking.read',
      input: {
        experiment_ids: list(text),
        filter: text,
        run_view_type: VIEW,
        max_results: int,
        order_by: list(text),
        page_token: text,
      },
      run: async ({ ctx, input, reply }) => {
        const { runs, next } = await this.search.search(ctx, {
          experimentIds: await this.numbers.knownIds(ctx, input.experiment_ids as string[]),
          where: runCondition(input.filter ?? ''),
          orderBy: runOrder(input.order_by as string[]),
          view: VIEWS[input.run_view_type ?? 'ACTIVE_ONLY'],
          limit: pageSize(input.max_results, 1000, 50_000),
          after: input.page_token || undefined,
        });
        const tail = next ? `],"next_page_token":"${next}"}` : ']}';
        if (runs.length <= PIECE) return new RawJson(`{"runs":[${(await this.texts(runs)).join()}${tail}`);
        void reply.header('content-type', 'application/json; charset=utf-8');
        return reply.send(Readable.from(this.pieces(runs, tail)));
      },
    }),
  ];

  /** Throws RESOURCE_DOES_NOT_EXIST in MLflow's words. */
  async found(ctx: Ctx, id: string): Promise<FoundRun> {
    checkRunId(id);
    const run = await this.search.byId(ctx, toRunId(id));
    if (!run) throw missing(`Run with id=${id} not found`);
    return run;
  }

  /** All of them, in the order asked for. */
  async foundAll(ctx: Ctx, ids: readonly string[]): Promise<FoundRun[]> {
    ids.forEach(checkRunId);
    const found = new Map((await this.search.byIds(ctx, ids.map(toRunId))).map((run) => [run.id, run]));
    return ids.map((id) => {
      const run = found.get(toRunId(id));
      if (!run) throw missing(`Run with id=${id} not found`);
      return run;
    });
  }

  /** A large answer as it is written, a piece at a time, so that no page is whole in memory. */
  private async *pieces(runs: readonly FoundRun[], tail: string): AsyncGenerator<string> {
    for (let at = 0; at < runs.length; at += PIECE)
      yield `${at === 0 ? '{"runs":[' : ','}${(await this.texts(runs.slice(at, at + PIECE))).join()}`;
    yield tail;
  }

  private async texts(runs: readonly FoundRun[]): Promise<string[]> {
    const details = await this.details.byRuns(runs);
    return runs.map((run) => runJson(run, details.get(run.num)!));
  }
}

export function checkRunId(id: string): void {
  if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(id))
    throw invalid(`Invalid value ${JSON.stringify(id)} for parameter 'run_id' supplied.`);
}

/** Tags with keys checked and long values cut. */
export function checkedTags(
  tags: readonly { readonly key: string; readonly value?: string | undefined }[],
): Record<string, string> {
  tags.forEach((tag, i) => checkKey(tag.key, `tags[${i}].key`, `tags[${i}].key`));
  return record(tags.map(({ key, value }) => ({ key, value: cut(value ?? '', MAX_RUN_TAG_VALUE) })));
}

/** Tags that are attributes here, and the others. */
export function splitTags(tags: Readonly<Record<string, string>>): {
  plain: Record<string, string>;
  name: string | undefined;
  parentId: string | undefined;
} {
  const { [RUN_NAME_TAG]: name, [PARENT_TAG]: parent, ...plain } = tags;
  return { plain, name: name || undefined, parentId: parent ? toRunId(parent) : undefined };
}
