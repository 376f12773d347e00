import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, createCtx, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { ExperimentsStore, type ExperimentFacts } from './experiments.store.js';
import { putPairs } from './pairs.store.js';

export interface NewExperiment {
  readonly name: string;
  readonly project?: string | null;
  /** Where clients shall keep artifacts; absent: in the platform. */
  readonly artifactLocation?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What is given changes. */
export interface ExperimentPatch {
  readonly name?: string;
  readonly project?: string;
  readonly archived?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

const DEFAULT_NAME = 'Default';

/** Use cases of experiments. */
@Injectable()
export class ExperimentsService {
  private readonly withDefault = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ExperimentsStore,
    private readonly journal: Journal,
  ) {}

  /** Makes an experiment. Throws CONFLICT when the name is taken, also by a deleted one. */
  async create(ctx: Ctx, input: NewExperiment): Promise<{ id: string; number: number }> {
    const project = checkedProject(input.project);
    checkExperimentName(input.name);
    authorize(ctx, 'tracking.write', project);
    return this.unitOfWork.run(ctx, async (tx) => {
      const made = await this.insertIn(tx, ctx, { ...input, project });
      if (!made) throw nameTaken(input.name);
      return { id: made.id, number: made.number };
    });
  }

  /** Finds the experiment of that name, or makes it. */
  async ensure(ctx: Ctx, input: { name: string; project?: string | null }): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    authorize(ctx, 'tracking.write', project);
    return this.unitOfWork.run(ctx, async (tx) => ({ id: (await this.ensureIn(tx, ctx, input.name, project)).id }));
  }

  async ensureIn(tx: Tx, ctx: Ctx, name: string, project: string): Promise<ExperimentFacts> {
    checkExperimentName(name);
    return (
      (await this.store.byName(tx, ctx.workspaceId, name)) ??
      (await this.insertIn(tx, ctx, { name, project })) ??
      (await this.store.byName(tx, ctx.workspaceId, name))!
    );
  }

  /** Makes sure that the workspace has its experiment number 0, `Default`. Costs nothing after the first call. */
  async ensureDefault(workspaceId: string): Promise<void> {
    if (this.withDefault.has(workspaceId)) return;
    const ctx = createCtx(workspaceId, { kind: 'system', name: 'experiment-tracking' });
    await this.unitOfWork.run({}, async (tx) => {
      const owner = { workspaceId, createdBy: ctx.authId };
      const row = { id: newId('experiment'), ...owner, project: '/', name: DEFAULT_NAME, artifactLocation: null, number: 0 };
      if (await this.store.insert(tx, row)) await this.created(tx, ctx, row);
    });
    this.withDefault.add(workspaceId);
  }

  /**
   * Changes what is given, all or nothing; `project` moves it with its runs, and the caller may write in both; archived is out of the usual lists.
   * Throws CONFLICT when the name is taken.
   */
  async update(ctx: Ctx, id: string, patch: ExperimentPatch): Promise<{ id: string }> {
    if (patch.name !== undefined) checkExperimentName(patch.name);
    const project = patch.project === undefined ? undefined : checkedProject(patch.project);
    if (project !== undefined) authorize(ctx, 'tracking.write', project);
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      if (patch.name !== undefined) {
        await this.store.lockNames(tx, ctx.workspaceId);
        if (!(await this.store.rename(tx, id, ctx.workspaceId, patch.name))) throw nameTaken(patch.name);
      }
      if (project !== undefined) await this.store.move(tx, id, project);
      if (patch.archived !== undefined) await this.store.setArchived(tx, id, patch.archived);
      await putPairs(tx, 'experiment_tag', id, patch.tags ?? {});
      await this.updated(tx, ctx, before, patch);
    });
  }

  /** Puts an experiment and its runs into the trash. The Default stays. */
  async delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      if (before.number === 0) throw new DomainError('CONFLICT', 'the default experiment cannot be deleted', 'experimentId');
      requireActive(before);
      await this.store.markDeleted(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'experiment.deleted',
        subject: { kind: 'experiment', id },
        data: { experimentId: id },
      });
    });
  }

  /** Takes it back, with the runs that were deleted with it. */
  async restore(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      if (!before.deleted)
        throw new DomainError('CONFLICT', `the experiment ${before.name} is not deleted`, 'experimentId', {
          reason: 'NOT_DELETED',
        });
      await this.store.restore(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'experiment.restored',
        subject: { kind: 'experiment', id },
        data: { experimentId: id },
      });
    });
  }

  /** Throws NOT_FOUND when there is no such tag. */
  async deleteTag(ctx: Ctx, id: string, key: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      if (!(await this.store.deleteTag(tx, id, key)))
        throw new DomainError('NOT_FOUND', `the experiment has no tag ${key}`, 'key', { reason: 'NO_TAG' });
      await this.updated(tx, ctx, before, { tags: { [key]: null } });
    });
  }

  private async updated(
    tx: Tx,
    ctx: Ctx,
    { id, name, project }: ExperimentFacts,
    after: Omit<ExperimentPatch, 'tags'> & { readonly tags?: Readonly<Record<string, string | null>> },
  ): Promise<void> {
    await this.store.touch(tx, id);
    await this.journal.record(tx, ctx, {
      event: 'experiment.updated',
      subject: { kind: 'experiment', id },
      data: { experimentId: id, name: after.name ?? name },
      before: { name, project },
      after,
    });
  }

  private async change(ctx: Ctx, id: string, work: (tx: Tx, before: ExperimentFacts) => Promise<void>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const before = await this.store.lock(tx, ctx.workspaceId, id);
      if (!before) throw noExperiment(id);
      authorize(ctx, 'tracking.write', before.project);
      await work(tx, before);
      return { id };
    });
  }

  private async insertIn(
    tx: Tx,
    ctx: Ctx,
    input: NewExperiment & { readonly project: string },
  ): Promise<ExperimentFacts | undefined> {
    const { name, project, artifactLocation = null } = input;
    const owner = { workspaceId: ctx.workspaceId, createdBy: ctx.authId };
    const row = { id: newId('experiment'), ...owner, project, name, artifactLocation };
    const made = await this.store.insert(tx, row);
    if (!made) return undefined;
    await putPairs(tx, 'experiment_tag', row.id, input.tags ?? {});
    await this.created(tx, ctx, row);
    return { id: row.id, ...made, project, name, artifactLocation, deleted: false };
  }

  private async created(tx: Tx, ctx: Ctx, { id, name, project }: { id: string; name: string; project: string }): Promise<void> {
    await this.journal.record(tx, ctx, {
      event: 'experiment.created',
      subject: { kind: 'experiment', id },
      data: { experimentId: id, name, project },
    });
  }
}

export function noExperiment(id: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no experiment ${id}`, 'experimentId');
}

function nameTaken(name: string): DomainError {
  return new DomainError('CONFLICT', `there is an experiment named ${name} already`, 'name', { reason: 'NAME_TAKEN' });
}

/** Throws CONFLICT (`details.reason` EXPERIMENT_DELETED) for one that is in the trash. */
export function requireActive(experiment: ExperimentFacts): void {
  if (experiment.deleted)
    throw new DomainError('CONFLICT', `the experiment ${experiment.name} is deleted; restore it first`, 'experimentId', {
      reason: 'EXPERIMENT_DELETED',
    });
}

function checkExperimentName(name: string): void {
  if (name.length < 1 || name.length > 500 || name.includes('\u0000'))
    throw new DomainError('BAD_INPUT', 'name must have 1 to 500 characters', 'name');
}
