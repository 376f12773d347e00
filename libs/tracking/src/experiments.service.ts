import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, createCtx, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { ExperimentsStore, type ExperimentFacts } from './experiments.store.js';

export interface NewExperiment {
  readonly name: string;
  readonly project?: string | null;
  /** Where clients shall keep artifacts; absent: in the platform. */
  readonly artifactLocation?: string | null;
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
      // Asked first, so that a name that is taken uses up no number.
      if (await this.store.byName(tx, ctx.workspaceId, input.name)) throw nameTaken(input.name);
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

  /** Changes what is given, each as a change of its own. Throws CONFLICT when the name is taken. */
  async update(
    ctx: Ctx,
    id: string,
    patch: { name?: string; project?: string; archived?: boolean; tags?: Readonly<Record<string, string>> },
  ): Promise<{ id: string }> {
    if (patch.name !== undefined) await this.rename(ctx, id, patch.name);
    if (patch.project !== undefined) await this.move(ctx, id, patch.project);
    if (patch.archived !== undefined) await this.setArchived(ctx, id, patch.archived);
    if (patch.tags !== undefined) await this.setTags(ctx, id, patch.tags);
    return { id };
  }

  /** Throws CONFLICT when the name is taken. */
  async rename(ctx: Ctx, id: string, name: string): Promise<{ id: string }> {
    checkExperimentName(name);
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      await this.store.lockNames(tx, ctx.workspaceId);
      if (!(await this.store.rename(tx, id, ctx.workspaceId, name))) throw nameTaken(name);
      await this.journal.record(tx, ctx, {
        event: 'experiment.updated',
        subject: { kind: 'experiment', id },
        data: { experimentId: id, name },
        before: { name: before.name },
        after: { name },
      });
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

  /** Moves it, with its runs, to another project; the caller may write in both. */
  async move(ctx: Ctx, id: string, project: string): Promise<{ id: string }> {
    const path = checkedProject(project);
    authorize(ctx, 'tracking.write', path);
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      await this.store.move(tx, id, path);
      await this.touched(tx, ctx, before, { project: path });
    });
  }

  /** Takes it out of the usual lists, or back into them; nothing else changes. */
  async setArchived(ctx: Ctx, id: string, archived: boolean): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      await this.store.setArchived(tx, id, archived);
      await this.touched(tx, ctx, before, { archived });
    });
  }

  async setTags(ctx: Ctx, id: string, tags: Readonly<Record<string, string>>): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      await this.store.setTags(tx, id, tags);
      await this.touched(tx, ctx, before, { tags });
    });
  }

  /** Throws NOT_FOUND when there is no such tag. */
  async deleteTag(ctx: Ctx, id: string, key: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, before) => {
      requireActive(before);
      if (!(await this.store.deleteTag(tx, id, key)))
        throw new DomainError('NOT_FOUND', `the experiment has no tag ${key}`, 'key', { reason: 'NO_TAG' });
      await this.touched(tx, ctx, before, { tags: { [key]: null } });
    });
  }

  private async touched(tx: Tx, ctx: Ctx, experiment: ExperimentFacts, after: unknown): Promise<void> {
    await this.store.touch(tx, experiment.id);
    await this.journal.record(tx, ctx, {
      event: 'experiment.updated',
      subject: { kind: 'experiment', id: experiment.id },
      data: { experimentId: experiment.id, name: experiment.name },
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
    await this.store.setTags(tx, row.id, input.tags ?? {});
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

function requireActive(experiment: ExperimentFacts): void {
  if (experiment.deleted)
    throw new DomainError('CONFLICT', `the experiment ${experiment.name} is deleted; restore it first`, 'experimentId', {
      reason: 'EXPERIMENT_DELETED',
    });
}

function checkExperimentName(name: string): void {
  if (name.length < 1 || name.length > 500 || name.includes('\u0000'))
    throw new DomainError('BAD_INPUT', 'name must have 1 to 500 characters', 'name');
}
