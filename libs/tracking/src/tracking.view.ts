import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage, select } from '#database';
import type { Page, PageArgs } from '#kernel';
import { SOURCE_NAMES, type RunStatus, type Source } from './model/run.js';
import {
  ArtifactEntity,
  ExperimentEntity,
  RunEntity,
  RunInputEntity,
  RunParamEntity,
  RunTagEntity,
} from './tracking.entities.js';

export type ExperimentRow = Readonly<ExperimentEntity>;
export type RunRow = Readonly<RunEntity>;
export interface LatestMetric {
  readonly runId: string;
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
  readonly source: Source;
}
export interface CurvePoint {
  readonly key: string;
  readonly step: number;
  readonly value: number;
  readonly timestamp: number;
  readonly attempt: number;
}
export interface RunFilter {
  readonly experimentId?: string | null;
  readonly status?: readonly RunStatus[] | null;
  readonly jobId?: string | null;
  readonly name?: string | null;
  readonly datasetVersionId?: string | null;
  readonly params?: readonly { key: string; eq?: string | null }[] | null;
  readonly tags?: readonly { key: string; eq?: string | null }[] | null;
  readonly metrics?:
    readonly { key: string; gt?: number | null; gte?: number | null; lt?: number | null; lte?: number | null }[] | null;
}

const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** List and detail queries of experiments and runs for the API. */
@Injectable()
export class TrackingView {
  constructor(private readonly dataSource: DataSource) {}

  experiments(ctx: Ctx, filter: { name?: string | null }, args: PageArgs): Promise<Page<ExperimentRow>> {
    const query = this.readableExperiments(ctx);
    if (filter.name) query.andWhere('e.name = :name', { name: filter.name });
    return keysetPage(query, args);
  }

  experimentsByIds(ctx: Ctx, ids: readonly string[]): Promise<ExperimentRow[]> {
    return this.readableExperiments(ctx).andWhere('e.id in (:...ids)', { ids }).getMany();
  }

  runs(ctx: Ctx, filter: RunFilter, args: PageArgs): Promise<Page<RunRow>> {
    const query = this.readableRuns(ctx);
    if (filter.experimentId) query.andWhere('r.experimentId = :e', { e: filter.experimentId });
    if (filter.status?.length) query.andWhere('r.status in (:...st)', { st: filter.status });
    if (filter.jobId) query.andWhere('r.jobId = :j', { j: filter.jobId });
    if (filter.name) query.andWhere('r.name = :n', { n: filter.name });
    if (filter.datasetVersionId)
      query.andWhere('exists (select 1 from run_input i where i.run_id = r.id and i.dataset_version_id = :dv)', {
        dv: filter.datasetVersionId,
      });
    for (const [table, conditions] of [
      ['run_param', filter.params],
      ['run_tag', filter.tags],
    ] as const)
      conditions?.forEach((c, i) =>
        query.andWhere(
          `exists (select 1 from ${table} x where x.run = r.num and x.key = :${table}k${i} and (:${table}v${i}::text is null or x.value = :${table}v${i}))`,
          {
            [`${table}k${i}`]: c.key,
            [`${table}v${i}`]: c.eq ?? null,
          },
        ),
      );
    filter.metrics?.forEach((condition, i) => {
      const tests = (Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[]).filter(
        (op) => condition[op] !== undefined && condition[op] !== null,
      );
      const sql = tests.map((op) => ` and l.value ${COMPARISONS[op]} :m${i}${op}`).join('');
      query.andWhere(
        `exists (select 1 from metric_latest l join metric_key k on k.id = l.key where l.run = r.num and k.workspace_id = r.workspace_id and k.name = :m${i}k and l.value <> 'NaN'${sql})`,
        { [`m${i}k`]: condition.key, ...Object.fromEntries(tests.map((op) => [`m${i}${op}`, condition[op]])) },
      );
    });
    return keysetPage(query, args);
  }

  runsByIds(ctx: Ctx, ids: readonly string[]): Promise<RunRow[]> {
    return this.readableRuns(ctx).andWhere('r.id in (:...ids)', { ids }).getMany();
  }

  paramsByRuns(runs: readonly number[]): Promise<Readonly<RunParamEntity>[]> {
    return this.dataSource.getRepository(RunParamEntity).find({ where: { run: In([...runs]) }, order: { key: 'ASC' } });
  }

  tagsByRuns(runs: readonly number[]): Promise<Readonly<RunTagEntity>[]> {
    return this.dataSource.getRepository(RunTagEntity).find({ where: { run: In([...runs]) }, order: { key: 'ASC' } });
  }

  inputsByRuns(ids: readonly string[]): Promise<Readonly<RunInputEntity>[]> {
    return this.dataSource.getRepository(RunInputEntity).findBy({ runId: In([...ids]) });
  }

  artifactsByRuns(ids: readonly string[]): Promise<Readonly<ArtifactEntity>[]> {
    return this.dataSource.getRepository(ArtifactEntity).find({ where: { ownerId: In([...ids]) }, order: { path: 'ASC' } });
  }

  async latestByRuns(ids: readonly string[]): Promise<LatestMetric[]> {
    const rows = await select<{ run_id: string; name: string; value: number; step: string; ts: string; source: number }>(
      this.dataSource,
      `select r.id as run_id, k.name, l.value, l.step, l.ts, l.source from run r join metric_latest l on l.run = r.num
           join metric_key k on k.id = l.key where r.id = any($1) order by k.name, l.source desc`,
      [ids],
    );
    return rows.map((row) => ({
      runId: row.run_id,
      key: row.name,
      value: row.value,
      step: Number(row.step),
      timestamp: Number(row.ts),
      source: SOURCE_NAMES[row.source]!,
    }));
  }

  /**
   * Curve of a run's keys after a step, in order of step. Where several attempts logged a step, the last attempt's point stands, so that a
   * resumed training shows one curve.
   */
  async curve(ctx: Ctx, runId: string, keys: readonly string[] | null, afterStep: number, limit: number): Promise<CurvePoint[]> {
    const rows = await select<{ name: string; step: string; value: number; ts: string; attempt: number }>(
      this.dataSource,
      `select k.name, p.step, p.value, p.ts, p.attempt from (
           select distinct on (p.step, p.key) p.* from metric_point p join run r on r.num = p.run
            where r.id = $1 and r.workspace_id = $2 and p.step > $3 order by p.step, p.key, p.attempt desc, p.ts desc) p
           join metric_key k on k.id = p.key where $4::text[] is null or k.name = any($4) order by p.step, k.name limit $5`,
      [runId, ctx.workspaceId, afterStep, keys, limit],
    );
    return rows.map((row) => ({
      key: row.name,
      step: Number(row.step),
      value: row.value,
      timestamp: Number(row.ts),
      attempt: row.attempt,
    }));
  }

  private readableExperiments(ctx: Ctx) {
    return visible(this.dataSource.getRepository(ExperimentEntity).createQueryBuilder('e'), ctx, 'tracking.read', 'e.project');
  }

  private readableRuns(ctx: Ctx) {
    const project = '(select e.project from experiment e where e.id = r.experiment_id)';
    return visible(this.dataSource.getRepository(RunEntity).createQueryBuilder('r'), ctx, 'tracking.read', project);
  }
}
