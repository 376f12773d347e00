import { Injectable } from '@nestjs/common';
import type { Claim, Ran } from '#contracts';
import type { Tx } from '#database';
import { ReproductionEntity, TemplateEntity, TrainingAttemptEntity, TrainingJobEntity } from './training.entities.js';
import type { JobState } from './model/training-job.js';

@Injectable()
export class TrainingStore {
  async insertTemplate(tx: Tx, row: Omit<TemplateEntity, 'revision' | 'createdAt'>): Promise<boolean> {
    const rows = await tx.query(
      `insert into training_template (id, workspace_id, project, name, spec, dataset_id, experiment, register_as, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (workspace_id, name) do nothing returning 1`,
      [
        row.id,
        row.workspaceId,
        row.project,
        row.name,
        JSON.stringify(row.spec),
        row.datasetId,
        row.experiment,
        row.registerAs,
        row.createdBy,
      ],
    );
    return rows.length > 0;
  }

  lockTemplate(tx: Tx, workspaceId: string, id: string): Promise<TemplateEntity | null> {
    return tx.em.findOne(TemplateEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  template(tx: Tx, workspaceId: string, id: string): Promise<TemplateEntity | null> {
    return tx.em.findOneBy(TemplateEntity, { workspaceId, id });
  }

  async updateTemplate(tx: Tx, id: string, patch: Partial<TemplateEntity>): Promise<void> {
    await tx.em.update(TemplateEntity, { id }, patch as never);
  }

  async insertJob(tx: Tx, row: Partial<TrainingJobEntity>): Promise<void> {
    await tx.em.insert(TrainingJobEntity, row as never);
  }

  lockJob(tx: Tx, id: string): Promise<TrainingJobEntity | null> {
    return tx.em.findOne(TrainingJobEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Takes the oldest queued job by compare-and-set; its attempt number rises, which fences every earlier attempt. */
  async claimNext(tx: Tx, runner: string, leaseSeconds: number): Promise<TrainingJobEntity | null> {
    const rows = await tx.query<{ id: string }>(
      `update training_job set state = 'RUNNING', attempt = attempt + 1, runner = $1, lease_expires_at = clock_timestamp() + make_interval(secs => $2), reason = null
        where id = (select id from training_job where state = 'QUEUED' order by created_at limit 1 for update skip locked) and state = 'QUEUED' returning id`,
      [runner, leaseSeconds],
    );
    return rows[0] ? tx.em.findOneByOrFail(TrainingJobEntity, { id: rows[0].id }) : null;
  }

  /** Renews the lease if `attempt` still holds it; null when it does not. The row stays locked until the transaction ends. */
  async renew(tx: Tx, id: string, attempt: number, leaseSeconds: number): Promise<TrainingJobEntity | null> {
    const rows = await tx.query(
      `update training_job set lease_expires_at = clock_timestamp() + make_interval(secs => $3) where id = $1 and attempt = $2 and state = 'RUNNING' returning 1`,
      [id, attempt, leaseSeconds],
    );
    return rows.length ? tx.em.findOneByOrFail(TrainingJobEntity, { id }) : null;
  }

  async updateJob(tx: Tx, id: string, patch: Partial<TrainingJobEntity>): Promise<void> {
    await tx.em.update(TrainingJobEntity, { id }, patch as never);
  }

  /** Leaves RUNNING by compare-and-set on the attempt; false when another attempt or outcome came first. */
  async leaveRunning(tx: Tx, id: string, attempt: number, to: JobState, reason: string | null): Promise<boolean> {
    const rows = await tx.query(
      `update training_job set state = $3, reason = $4, lease_expires_at = null, ended_at = case when $3 = 'QUEUED' then null else clock_timestamp() end
        where id = $1 and attempt = $2 and state = 'RUNNING' returning 1`,
      [id, attempt, to, reason],
    );
    return rows.length > 0;
  }

  async insertAttempt(tx: Tx, row: Pick<TrainingAttemptEntity, 'jobId' | 'number' | 'runner' | 'tokenHash'>): Promise<void> {
    await tx.em.insert(TrainingAttemptEntity, row);
  }

  async endAttempt(
    tx: Tx,
    jobId: string,
    number: number,
    state: TrainingAttemptEntity['state'],
    reason: string | null,
  ): Promise<void> {
    await tx.query(
      "update training_attempt set state = $3, reason = $4, ended_at = clock_timestamp() where job_id = $1 and number = $2 and state = 'RUNNING'",
      [jobId, number, state, reason],
    );
  }

  /** Jobs whose lease ended longer ago than the grace, by the database's clock. */
  async expired(tx: Tx, graceSeconds: number): Promise<{ id: string; attempt: number }[]> {
    return tx.query(
      "select id, attempt from training_job where state = 'RUNNING' and lease_expires_at < clock_timestamp() - make_interval(secs => $1) for update skip locked limit 100",
      [graceSeconds],
    );
  }

  jobOfRun(tx: Tx, workspaceId: string, runId: string): Promise<TrainingJobEntity | null> {
    return tx.em.findOneBy(TrainingJobEntity, { workspaceId, runId });
  }

  async insertReproduction(tx: Tx, row: Partial<ReproductionEntity>): Promise<void> {
    await tx.em.insert(ReproductionEntity, row as never);
  }

  /** What an attempt is told of the training that its own does anew; undefined when it does none. */
  async reproducedBy(tx: Tx, runId: string): Promise<Claim['reproduces']> {
    const row = await tx.em.findOneBy(ReproductionEntity, { runId });
    const job = row && (await tx.em.findOneBy(TrainingJobEntity, { runId: row.originalRunId }));
    return job ? { ran: ranOf(job), strict: row.strict } : undefined;
  }

  pendingReproduction(tx: Tx, runId: string): Promise<ReproductionEntity | null> {
    return tx.em.findOne(ReproductionEntity, {
      where: { runId, verdict: 'PENDING' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async judge(
    tx: Tx,
    runId: string,
    patch: Pick<ReproductionEntity, 'verdict' | 'reason' | 'report' | 'judgedAt'>,
  ): Promise<void> {
    await tx.em.update(ReproductionEntity, { runId, verdict: 'PENDING' }, patch as never);
  }
}

/** What trained, as far as the job has it. */
export function ranOf({ code, engine, backend, environment }: TrainingJobEntity): Partial<Ran> {
  const known = Object.entries({ code, engine, backend, environment }).filter(([, value]) => value !== null);
  return Object.fromEntries(known);
}
