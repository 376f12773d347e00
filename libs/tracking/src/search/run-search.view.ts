import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readablePaths, type Ctx } from '#access';
import { selectOnce } from '#database';
import { DomainError } from '#kernel';
import type { RunStatus } from '../model/run.js';
import { MetricKeys } from './metric-keys.view.js';
import type { Condition, Order, RunQuery } from './run-query.js';
import { afterSql, conditionSql, SqlParams, sortPlan, type CursorKey, type SortPlan } from './run-sql.js';

/** A run as lists show it. */
export interface FoundRun {
  readonly id: string;
  readonly num: number;
  readonly experimentId: string;
  readonly experimentNumber: number;
  readonly artifactLocation: string | null;
  readonly name: string;
  readonly userName: string;
  readonly status: RunStatus;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly parentId: string | null;
  readonly jobId: string | null;
  readonly deleted: boolean;
}

export interface FoundRuns {
  readonly runs: readonly FoundRun[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

const COLUMNS = `r.id, r.num, r.experiment_id as "experimentId", e.number as "experimentNumber", e.artifact_location as "artifactLocation", r.name,
  r.user_name as "userName", r.status, r.started_at as "startedAt", r.ended_at as "endedAt", r.parent_id as "parentId", r.job_id as "jobId",
  r.deleted_at is not null as deleted`;

const VIEW = { active: 'r.deleted_at is null', deleted: 'r.deleted_at is not null', all: 'true' } as const;

/** Finds runs: one statement a page, in a stable order that goes on exactly where the page before ended. */
@Injectable()
export class RunSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** Throws BAD_INPUT (`field` after) for a cursor that is none of this order. */
  async search(ctx: Ctx, query: RunQuery): Promise<FoundRuns> {
    if (query.experimentIds?.length === 0) return { runs: [] };
    const order = query.orderBy ?? [];
    const keys = await this.keys.ids(ctx.workspaceId, metricNames(query.where, order));
    const params = new SqlParams();
    const plan = sortPlan(order, params, keys);
    const conditions = [this.scope(ctx, query, params), VIEW[query.view ?? 'active']];
    if (query.where) conditions.push(conditionSql(query.where, params, keys));
    if (query.after !== undefined) conditions.push(afterSql(plan, readCursor(query.after, order, plan), params));
    const rows = await selectOnce<FoundRun & Record<string, unknown>>(
      this.dataSource,
      `select ${COLUMNS}, ${plan.columns} from run r join experiment e on e.id = r.experiment_id ${plan.joins}
        where ${conditions.join(' and ')} order by ${plan.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const runs = rows.slice(0, query.limit);
    const more = rows.length > query.limit && runs.length > 0;
    return { runs, next: more ? writeCursor(runs.at(-1)!, order, plan) : undefined };
  }

  private scope(ctx: Ctx, query: RunQuery, params: SqlParams): string {
    const scope = [`r.workspace_id = ${params.add(ctx.workspaceId, 'text')}`];
    if (query.experimentIds?.length === 1) scope.push(`r.experiment_id = ${params.add(query.experimentIds[0], 'text')}`);
    else if (query.experimentIds) scope.push(`r.experiment_id = any(${params.add(query.experimentIds, 'text[]')})`);
    const paths = readablePaths(ctx, 'tracking.read');
    if (paths)
      scope.push(
        `exists (select 1 from unnest(${params.add(paths, 'text[]')}) p where e.project = p or starts_with(e.project, p || '/'))`,
      );
    return scope.join(' and ');
  }
}

function metricNames(where: Condition | undefined, order: readonly Order[]): string[] {
  const names = order.flatMap((item) => (item.kind === 'metric' ? [item.key] : []));
  const visit = (condition: Condition): void => {
    if (condition.kind === 'and' || condition.kind === 'or') condition.of.forEach(visit);
    else if (condition.kind === 'not') visit(condition.of);
    else if (condition.kind === 'metric') names.push(condition.key);
  };
  if (where) visit(where);
  return names;
}

const orderMark = (order: readonly Order[]): string =>
  createHash('sha256').update(JSON.stringify(order)).digest('base64url').slice(0, 8);

function writeCursor(row: Record<string, unknown>, order: readonly Order[], plan: SortPlan): string {
  const keys = plan.keys.map((_, i) => {
    const value = row[`key${i}`];
    return [Number(row[`rank${i}`]), value instanceof Date ? value.toISOString() : value === null ? null : String(value)];
  });
  return Buffer.from(JSON.stringify([orderMark(order), keys])).toString('base64url');
}

function readCursor(cursor: string, order: readonly Order[], plan: SortPlan): CursorKey[] {
  const refused = new DomainError('BAD_INPUT', 'the page token is not one of this search and order; begin without one', 'after');
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refused;
  }
  const [mark, keys] = Array.isArray(parsed) ? (parsed as [unknown, unknown]) : [];
  if (mark !== orderMark(order) || !Array.isArray(keys) || keys.length !== plan.keys.length) throw refused;
  for (const [i, key] of (keys as unknown[]).entries()) if (!isCursorKey(key, plan.keys[i]!.type)) throw refused;
  return keys as CursorKey[];
}

function isCursorKey(key: unknown, type: SortPlan['keys'][number]['type']): boolean {
  if (!Array.isArray(key) || key.length !== 2) return false;
  const [rank, value] = key as [unknown, unknown];
  if (rank !== 0) return rank === 1 || rank === 2;
  if (typeof value !== 'string' || value.includes('\u0000')) return false;
  if (type === 'float8') return value !== '' && !Number.isNaN(Number(value));
  return type === 'text' || !Number.isNaN(Date.parse(value));
}
