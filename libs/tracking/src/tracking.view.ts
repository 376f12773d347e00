import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { Ctx } from '#access';
import { select } from '#database';
import { SOURCE_NAMES, type Source } from './model/run.js';
import { ArtifactEntity, RunInputEntity } from './tracking.entities.js';

export interface RunKeyValue {
  readonly run: number;
  readonly key: string;
  readonly value: string;
}
export interface LatestMetric {
  readonly run: number;
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
  readonly source: Source;
}
export interface RunLoggedDataset {
  readonly run: number;
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly context: string | null;
}
export interface CurvePoint {
  readonly key: string;
  readonly step: number;
  readonly value: number;
  readonly timestamp: number;
  readonly attempt: number;
}

/** What hangs on runs, by the numbers of runs that the caller was shown; with keys, those and no others. */
@Injectable()
export class TrackingView {
  constructor(private readonly dataSource: DataSource) {}

  paramsByRuns(runs: readonly number[], keys?: readonly string[]): Promise<RunKeyValue[]> {
    return select(
      this.dataSource,
      'select run, key, value from run_param where run = any($1) and ($2::text[] is null or key = any($2)) order by run, key',
      [runs, keys ?? null],
    );
  }

  tagsByRuns(runs: readonly number[], keys?: readonly string[]): Promise<RunKeyValue[]> {
    return select(
      this.dataSource,
      'select run, key, value from run_tag where run = any($1) and ($2::text[] is null or key = any($2)) order by run, key',
      [runs, keys ?? null],
    );
  }

  loggedDatasetsByRuns(runs: readonly number[]): Promise<RunLoggedDataset[]> {
    return select(
      this.dataSource,
      `select x.run, d.name, d.digest, d.source_type as "sourceType", d.source, x.tags ->> 'mlflow.data.context' as context
         from run_dataset x join logged_dataset d on d.id = x.dataset_id where x.run = any($1) order by x.run, d.name, d.digest`,
      [runs],
    );
  }

  inputsByRuns(ids: readonly string[]): Promise<Readonly<RunInputEntity>[]> {
    return this.dataSource.getRepository(RunInputEntity).findBy({ runId: In([...ids]) });
  }

  artifactsByOwners(ids: readonly string[]): Promise<Readonly<ArtifactEntity>[]> {
    return this.dataSource.getRepository(ArtifactEntity).find({ where: { ownerId: In([...ids]) }, order: { path: 'ASC' } });
  }

  async latestByRuns(runs: readonly number[], keys?: readonly string[]): Promise<LatestMetric[]> {
    const rows = await select<{ run: number; name: string; value: number; step: string; ts: string; source: number }>(
      this.dataSource,
      `select l.run, k.name, l.value, l.step, l.ts, l.source from metric_latest l join metric_key k on k.id = l.key
        where l.run = any($1) and ($2::text[] is null or k.name = any($2)) order by k.name, l.source desc`,
      [runs, keys ?? null],
    );
    return rows.map((row) => ({
      run: row.run,
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
}
