import type { Ctx } from '#access';
import type { AttemptLine, MetricPoint } from '#contracts';
import type { Tx } from '#database';

export const RUN_BOOK = Symbol('RunBook');

/**
 * What training needs of the tracked run of a job, as steps of its own transactions. Declared here and bound to the tracking domain where the
 * domains are put together, so that neither imports the other.
 */
export interface RunBook {
  start(
    tx: Tx,
    ctx: Ctx,
    run: {
      experiment: string;
      project: string;
      name: string;
      jobId: string;
      datasetVersionId: string;
      params: Record<string, string>;
    },
  ): Promise<string>;
  log(tx: Tx, ctx: Ctx, runId: string, points: readonly MetricPoint[], attempt: number): Promise<void>;
  /** Lines that an attempt printed. */
  logLines(tx: Tx, ctx: Ctx, runId: string, lines: readonly AttemptLine[], attempt: number): Promise<void>;
  describe(
    tx: Tx,
    ctx: Ctx,
    runId: string,
    params: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>>,
  ): Promise<void>;
  addArtifacts(tx: Tx, ctx: Ctx, runId: string, artifacts: Readonly<Record<string, string>>): Promise<void>;
  finish(tx: Tx, ctx: Ctx, runId: string, status: 'FINISHED' | 'FAILED' | 'KILLED'): Promise<void>;
}
