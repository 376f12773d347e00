import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { noExperiment } from './experiments.service.js';
import { noRun } from './runs.service.js';
import { TrashStore, type TrashFacts, type TrashKey, type TrashKind } from './trash.store.js';

/** What went for good in a workspace, and how much that was due stays. */
export interface Purged {
  readonly runs: number;
  readonly experiments: number;
  readonly loggedModels: number;
  /** Runs and logged models that a model version or a training job stands on. */
  readonly kept: number;
}

const FIELDS = { run: 'runs', logged_model: 'loggedModels', experiment: 'experiments' } as const;
/** Days that make only that due which was put there to be purged at once. */
const AT_ONCE = 0;

/** The end of what lies in the trash: one transaction per run, logged model or experiment, each with its audit row and its event. */
@Injectable()
export class TrashService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrashStore,
    private readonly journal: Journal,
  ) {}

  /** Removes a run for good. Throws CONFLICT when it is not in the trash, or when a model version or a training job stands on it. */
  async purgeRun(ctx: Ctx, id: string): Promise<{ id: string }> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.store.lock(tx, 'run', { id, workspaceId: ctx.workspaceId }, AT_ONCE, false);
      if (!run) throw noRun(id);
      authorize(ctx, 'tracking.write', run.project);
      requireTrashed(run, 'run', 'runId');
      if (await this.store.isHeld(tx, id)) throw stillUsed(`the run ${id} is`, 'runId');
      await this.removeIn(tx, ctx, 'run', run);
      return { id };
    });
    await this.clear();
    return { id };
  }

  /**
   * Removes an experiment for good, with all that is in it. Throws CONFLICT when it is not in the trash, or when something stands on one of its runs or
   * logged models; then nothing is removed. A very large one is marked and goes in pieces: what is not gone when this returns, the next turns remove.
   */
  async purgeExperiment(ctx: Ctx, id: string): Promise<{ id: string }> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const experiment = await this.store.lock(tx, 'experiment', { id, workspaceId: ctx.workspaceId }, AT_ONCE, false);
      if (!experiment) throw noExperiment(id);
      authorize(ctx, 'tracking.write', experiment.project);
      requireTrashed(experiment, 'experiment', 'experimentId');
      const { held } = await this.store.contents(tx, id);
      if (held > 0) throw stillUsed(`${held} of its runs and logged models are`, 'experimentId');
      await this.store.hurry(tx, id);
      return { id };
    });
    await this.sweep({ ...ctx, guard: undefined }, AT_ONCE, id);
    return { id };
  }

  /** Removes what has been in the trash for longer than `days` (0: never by age), in every workspace; answers what went, by workspace. */
  async purgeOverdue(ctx: Ctx, days: number): Promise<Map<string, Purged>> {
    const gone = await this.sweep(ctx, days);
    for (const [workspaceId, kept] of await this.store.held(days))
      gone.set(workspaceId, { ...none(), ...gone.get(workspaceId), kept });
    return gone;
  }

  /** Runs and experiments of a workspace that lie in the trash. */
  trashed(ctx: Ctx): Promise<{ runs: number; experiments: number }> {
    return this.store.trashed(ctx.workspaceId);
  }

  /** Experiments come last: they go once they are empty. */
  private async sweep(ctx: Ctx, days: number, experimentId: string | null = null): Promise<Map<string, Purged>> {
    const gone = new Map<string, Purged>();
    for (const kind of ['run', 'logged_model', 'experiment'] as const)
      for (let after = ''; ;) {
        const due = await this.store.due(kind, days, after, experimentId);
        if (due.length === 0) break;
        after = due.at(-1)!.id;
        for (const key of due) {
          if (!(await this.purgeOne(ctx, kind, key, days))) continue;
          const before = gone.get(key.workspaceId) ?? none();
          gone.set(key.workspaceId, { ...before, [FIELDS[kind]]: before[FIELDS[kind]] + 1 });
        }
      }
    await this.clear();
    return gone;
  }

  /** Looks again with the item locked: it may have been restored, or something may stand on it by now. */
  private purgeOne(ctx: Ctx, kind: TrashKind, key: TrashKey, days: number): Promise<boolean> {
    return this.unitOfWork.run({}, async (tx) => {
      const item = await this.store.lock(tx, kind, key, days, true);
      if (!item?.due) return false;
      const stays =
        kind === 'experiment' ? (await this.store.contents(tx, key.id)).items > 0 : await this.store.isHeld(tx, key.id);
      if (stays) return false;
      await this.removeIn(tx, { ...ctx, workspaceId: key.workspaceId }, kind, item);
      return true;
    });
  }

  private async removeIn(tx: Tx, ctx: Ctx, kind: TrashKind, { id, num, experimentId, name }: TrashFacts): Promise<void> {
    const subject = { kind, id };
    if (kind === 'run') {
      await this.store.removeRun(tx, id, num!);
      await this.journal.record(tx, ctx, { event: 'run.purged', subject, data: { runId: id, experimentId }, before: { name } });
    } else if (kind === 'logged_model') {
      await this.store.removeLoggedModel(tx, id);
      const data = { loggedModelId: id, experimentId };
      await this.journal.record(tx, ctx, { event: 'logged_model.purged', subject, data, before: { name } });
    } else {
      await this.store.removeExperiment(tx, id);
      await this.journal.record(tx, ctx, { event: 'experiment.purged', subject, data: { experimentId: id, name } });
    }
  }

  private async clear(): Promise<void> {
    while (await this.unitOfWork.run({}, (tx) => this.store.removePoints(tx)));
  }
}

const none = (): Purged => ({ runs: 0, experiments: 0, loggedModels: 0, kept: 0 });

function requireTrashed(item: TrashFacts, kind: string, field: string): void {
  if (item.deleted) return;
  throw new DomainError('CONFLICT', `the ${kind} ${item.name} is not in the trash; delete it first`, field, {
    reason: 'NOT_DELETED',
  });
}

function stillUsed(what: string, field: string): DomainError {
  const message = `${what} still used by a model version, a stage request or a training job`;
  return new DomainError('CONFLICT', message, field, { reason: 'STILL_USED' });
}
