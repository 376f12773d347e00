import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, statesBefore } from '#kernel';
import { ExperimentsStore } from './experiments.store.js';
import { noExperiment, requireActive } from './experiments.service.js';
import { LoggedModelsStore, type LoggedModelFacts } from './logged-models.store.js';
import { checkLoggedModelName, LOGGED_MODEL_STATES, type LoggedModelStatus } from './model/logged-model.js';
import { codeOf, type SourceCode } from './model/source-code.js';
import { putPairs } from './pairs.store.js';

export interface NewLoggedModel {
  readonly experimentId: string;
  readonly name: string;
  readonly modelType?: string | null;
  readonly sourceRunId?: string | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Use cases of logged models: what a run has made of its training, before and beside any registry. */
@Injectable()
export class LoggedModelsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LoggedModelsStore,
    private readonly experiments: ExperimentsStore,
    private readonly journal: Journal,
  ) {}

  async create(ctx: Ctx, input: NewLoggedModel): Promise<{ id: string }> {
    checkLoggedModelName(input.name);
    return this.unitOfWork.run(ctx, async (tx) => {
      const experiment = await this.experiments.byId(tx, ctx.workspaceId, input.experimentId);
      if (!experiment) throw noExperiment(input.experimentId);
      authorize(ctx, 'tracking.write', experiment.project);
      requireActive(experiment);
      const id = newId('loggedModel');
      const { experimentId, name, modelType = null, sourceRunId = null } = input;
      await this.store.insert(tx, {
        id,
        workspaceId: ctx.workspaceId,
        experimentId,
        name,
        modelType,
        sourceRunId,
        createdBy: ctx.authId,
      });
      await putPairs(tx, 'logged_model_param', id, input.params ?? {});
      await putPairs(tx, 'logged_model_tag', id, input.tags ?? {});
      await this.journal.record(tx, ctx, {
        event: 'logged_model.created',
        subject: { kind: 'logged_model', id },
        data: { loggedModelId: id, experimentId, name, runId: sourceRunId, code: codeOf(input.tags ?? {}) },
      });
      return { id };
    });
  }

  async logParams(ctx: Ctx, id: string, params: Readonly<Record<string, string>>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      await putPairs(tx, 'logged_model_param', id, params);
      await this.updated(tx, ctx, before, { params });
    });
  }

  async setTags(ctx: Ctx, id: string, tags: Readonly<Record<string, string>>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      await putPairs(tx, 'logged_model_tag', id, tags);
      await this.store.touch(tx, id);
      await this.updated(tx, ctx, before, { tags }, codeOf(tags));
    });
  }

  /** Sets a tag to what `next` makes of its present value; calls for one model come one after the other. */
  async changeTag(ctx: Ctx, id: string, key: string, next: (value: string | undefined) => string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      const value = next(await this.store.tag(tx, id, key));
      await putPairs(tx, 'logged_model_tag', id, { [key]: value });
      await this.store.touch(tx, id);
      await this.updated(tx, ctx, before, { tags: { [key]: value } });
    });
  }

  /** Throws NOT_FOUND (`details.reason` NO_TAG) when there is no such tag. */
  async deleteTag(ctx: Ctx, id: string, key: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      if (!(await this.store.deleteTag(tx, id, key)))
        throw new DomainError('NOT_FOUND', `the logged model has no tag ${key}`, 'key', { reason: 'NO_TAG' });
      await this.updated(tx, ctx, before, { tags: { [key]: null } });
    });
  }

  /** Says that its files are all there, or that they will not come. The same again changes nothing. */
  async finalize(ctx: Ctx, id: string, status: Exclude<LoggedModelStatus, 'PENDING'>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      if (!(await this.store.setStatus(tx, id, statesBefore(LOGGED_MODEL_STATES, status), status))) return;
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
      await this.store.markDeleted(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'logged_model.deleted',
        subject: { kind: 'logged_model', id },
        data: { loggedModelId: id, experimentId: before.experimentId },
      });
    });
  }

  private async updated(
    tx: Tx,
    ctx: Ctx,
    { id, experimentId }: LoggedModelFacts,
    after: object,
    code: SourceCode | null = null,
  ): Promise<void> {
    await this.journal.record(tx, ctx, {
      event: 'logged_model.updated',
      subject: { kind: 'logged_model', id },
      data: { loggedModelId: id, experimentId, ...(code ? { code } : {}) },
      after,
    });
  }

  private async change(ctx: Ctx, id: string, work: (tx: Tx, before: LoggedModelFacts) => Promise<void>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const before = await this.store.lock(tx, ctx.workspaceId, id);
      if (!before || before.deleted) throw noLoggedModel(id);
      authorize(ctx, 'tracking.write', before.project);
      await work(tx, before);
      return { id };
    });
  }
}

export function noLoggedModel(id: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no logged model ${id}`, 'loggedModelId');
}
