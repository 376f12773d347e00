import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, statesBefore } from '#kernel';
import { ExperimentsStore } from './experiments.store.js';
import { noExperiment } from './experiments.service.js';
import { LOGGED_MODEL_STATES, type LoggedModelStatus } from './model/logged-model.js';

export interface NewLoggedModel {
  readonly experimentId: string;
  readonly name: string;
  readonly modelType?: string | null;
  readonly sourceRunId?: string | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Facts {
  readonly id: string;
  readonly experimentId: string;
  readonly project: string;
  readonly status: LoggedModelStatus;
  readonly deleted: boolean;
}

/** Use cases of logged models: what a run has made of its training, before and beside any registry. */
@Injectable()
export class LoggedModelsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly experiments: ExperimentsStore,
    private readonly journal: Journal,
  ) {}

  async create(ctx: Ctx, input: NewLoggedModel): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const experiment = await this.experiments.byId(tx, ctx.workspaceId, input.experimentId);
      if (!experiment) throw noExperiment(input.experimentId);
      authorize(ctx, 'tracking.write', experiment.project);
      if (experiment.deleted)
        throw new DomainError('CONFLICT', `the experiment ${experiment.name} is deleted; restore it first`, 'experimentId', {
          reason: 'EXPERIMENT_DELETED',
        });
      const id = newId('loggedModel');
      const { experimentId, name, modelType = null, sourceRunId = null } = input;
      await tx.query(
        `insert into logged_model (id, workspace_id, experiment_id, name, model_type, source_run_id, status, created_by)
         values ($1, $2, $3, $4, $5, $6, 'PENDING', $7)`,
        [id, ctx.workspaceId, experimentId, name, modelType, sourceRunId, ctx.authId],
      );
      await this.addParams(tx, id, input.params ?? {});
      await this.putTags(tx, id, input.tags ?? {});
      await this.journal.record(tx, ctx, {
        event: 'logged_model.created',
        subject: { kind: 'logged_model', id },
        data: { loggedModelId: id, experimentId, name, runId: sourceRunId },
      });
      return { id };
    });
  }

  async logParams(ctx: Ctx, id: string, params: Readonly<Record<string, string>>): Promise<{ id: string }> {
    return this.change(ctx, id, (tx) => this.addParams(tx, id, params));
  }

  async setTags(ctx: Ctx, id: string, tags: Readonly<Record<string, string>>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx) => {
      await this.putTags(tx, id, tags);
      await tx.query('update logged_model set updated_at = clock_timestamp() where id = $1', [id]);
    });
  }

  /** Throws NOT_FOUND (`details.reason` NO_TAG) when there is no such tag. */
  async deleteTag(ctx: Ctx, id: string, key: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx) => {
      const rows = await tx.query('delete from logged_model_tag where model_id = $1 and key = $2 returning 1', [id, key]);
      if (rows.length === 0)
        throw new DomainError('NOT_FOUND', `the logged model has no tag ${key}`, 'key', { reason: 'NO_TAG' });
    });
  }

  /** Says that its files are all there, or that they will not come. The same again changes nothing; a ready model stays ready. */
  async finalize(ctx: Ctx, id: string, status: Exclude<LoggedModelStatus, 'PENDING'>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      const rows = await tx.query(
        'update logged_model set status = $2, updated_at = clock_timestamp() where id = $1 and status = any($3) returning 1',
        [id, status, statesBefore(LOGGED_MODEL_STATES, status)],
      );
      if (rows.length === 0) return;
      await this.journal.record(tx, ctx, {
        event: status === 'READY' ? 'logged_model.ready' : 'logged_model.failed',
        subject: { kind: 'logged_model', id },
        data: { loggedModelId: id, experimentId: before.experimentId },
        before: { status: before.status },
        after: { status },
      });
    });
  }

  async delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      await tx.query('update logged_model set deleted_at = clock_timestamp() where id = $1', [id]);
      await this.journal.record(tx, ctx, {
        event: 'logged_model.deleted',
        subject: { kind: 'logged_model', id },
        data: { loggedModelId: id, experimentId: before.experimentId },
      });
    });
  }

  private async change(ctx: Ctx, id: string, work: (tx: Tx, before: Facts) => Promise<void>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const [before] = await tx.query<Facts>(
        `select m.id, m.experiment_id as "experimentId", e.project, m.status, m.deleted_at is not null as deleted from logged_model m
           join experiment e on e.id = m.experiment_id where m.workspace_id = $1 and m.id = $2 for no key update of m`,
        [ctx.workspaceId, id],
      );
      if (!before || before.deleted) throw noLoggedModel(id);
      authorize(ctx, 'tracking.write', before.project);
      await work(tx, before);
      return { id };
    });
  }

  private async addParams(tx: Tx, id: string, params: Readonly<Record<string, string>>): Promise<void> {
    const keys = Object.keys(params).sort();
    if (keys.length === 0) return;
    await tx.query(
      `insert into logged_model_param (model_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
       on conflict (model_id, key) do update set value = excluded.value`,
      [id, keys, keys.map((key) => params[key])],
    );
  }

  private async putTags(tx: Tx, id: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const keys = Object.keys(tags).sort();
    if (keys.length === 0) return;
    await tx.query(
      `insert into logged_model_tag (model_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
       on conflict (model_id, key) do update set value = excluded.value`,
      [id, keys, keys.map((key) => tags[key])],
    );
  }
}

export function noLoggedModel(id: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no logged model ${id}`, 'loggedModelId');
}
