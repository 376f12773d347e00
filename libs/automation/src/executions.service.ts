import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal, memberOf } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { Inbox } from '#messaging';
import type { ExecutionEntity, TriggerEntity } from './automation.entities.js';
import { ExecutionsStore } from './executions.store.js';
import type { ExecutionState } from './model/execution.js';
import { causedBy, TriggerGate } from './trigger-gate.js';
import { TriggersStore } from './triggers.store.js';

/** An execution with what is needed to act on it. */
export interface FiredTrigger {
  readonly trigger: Readonly<TriggerEntity>;
  readonly execution: Readonly<ExecutionEntity>;
}

/** What a call to the outside needs. */
export interface Sending {
  readonly tries: number;
  readonly url: string | undefined;
  readonly secrets: readonly string[];
}

/** How an execution goes on after its action. */
export type Settlement =
  | { readonly state: 'COMPLETED'; readonly outcome: Readonly<Record<string, string>> }
  /** What it started, a job or an evaluation, goes on. */
  | { readonly state: 'RUNNING'; readonly outcome: Readonly<Record<string, string>>; readonly startedId: string }
  | { readonly state: 'FAILED' | 'SKIPPED'; readonly reason: string };

/** How that ended which an execution had started. */
export interface End {
  readonly ok: boolean;
  readonly reason?: string;
}

const BATCH = 200;

/** The life of executions: from being fired to their end, and once more when a person asks. */
@Injectable()
export class ExecutionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ExecutionsStore,
    private readonly triggers: TriggersStore,
    private readonly gate: TriggerGate,
    private readonly journal: Journal,
    private readonly inbox: Inbox,
  ) {}

  /** undefined when it has been acted on already. */
  async fired(ctx: Ctx, executionId: string): Promise<FiredTrigger | undefined> {
    return this.unitOfWork.run({}, async (tx) => {
      const execution = await this.store.find(tx, ctx.workspaceId, executionId);
      const trigger = execution && (await this.triggers.find(tx, execution.triggerId));
      return trigger && execution.state === 'FIRED' ? { trigger, execution } : undefined;
    });
  }

  /** Counts a try of a call to the outside; answers how many there were, where it goes, and the secrets that sign it, the one in force first. */
  sending({ id, triggerId }: Pick<ExecutionEntity, 'id' | 'triggerId'>): Promise<Sending> {
    return this.unitOfWork.run({}, async (tx) => {
      const secrets = await this.triggers.allSecrets(tx, triggerId);
      return { tries: await this.store.tried(tx, id), url: secrets.get('url')?.[0], secrets: secrets.get('signing') ?? [] };
    });
  }

  /** Writes down what came of an action, by compare-and-set from FIRED; what waits for the trigger goes on when this has ended. */
  async settle(ctx: Ctx, { trigger, execution }: FiredTrigger, settlement: Settlement): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const locked = (await this.triggers.lockAny(tx, trigger.id))!;
      await this.moveIn(tx, ctx, locked, execution, settlement.state, settlement);
    });
  }

  /** Step: something ended; the execution that started it, if one did, ends with it. */
  async endedIn(tx: Tx, startedId: string, end: End, because?: Ctx): Promise<void> {
    for (const { id, workspaceId, triggerId } of await this.store.running(tx, startedId)) {
      const trigger = (await this.triggers.lockAny(tx, triggerId))!;
      const execution = (await this.store.find(tx, workspaceId, id))!;
      const ctx = because ?? causedBy(workspaceId, execution.cause!);
      const patch = end.ok ? {} : { reason: end.reason ?? 'it failed' };
      await this.moveIn(tx, ctx, trigger, execution, end.ok ? 'COMPLETED' : 'FAILED', patch);
    }
  }

  async ended(startedId: string, end: End): Promise<void> {
    await this.unitOfWork.run({}, (tx) => this.endedIn(tx, startedId, end));
  }

  /** What has been running for more than some seconds, so that somebody asks whether it has ended: its end may have come before it was written down. */
  async runningFor(seconds: number): Promise<{ workspaceId: string; startedId: string }[]> {
    const rows = await this.unitOfWork.run({}, (tx) => this.store.stale(tx, 'RUNNING', seconds, BATCH));
    return rows.flatMap(({ workspaceId, startedId }) => (startedId ? [{ workspaceId, startedId }] : []));
  }

  /** Ends executions whose delivery to the actor has failed for the last time: else they would hold their trigger up for ever. Answers how many. */
  async endDead(seconds: number): Promise<number> {
    const fired = await this.unitOfWork.run({}, (tx) => this.store.stale(tx, 'FIRED', seconds, BATCH));
    const dead = await this.inbox.deadReasons(
      'automation.act',
      fired.flatMap(({ firedEvent }) => firedEvent ?? []),
    );
    for (const execution of fired) {
      const reason = dead.get(execution.firedEvent ?? '');
      if (reason === undefined) continue;
      await this.unitOfWork.run({}, async (tx) => {
        const trigger = (await this.triggers.lockAny(tx, execution.triggerId))!;
        await this.moveIn(tx, causedBy(execution.workspaceId, execution.cause!), trigger, execution, 'FAILED', { reason });
      });
    }
    return dead.size;
  }

  /** Lets those go whose cooldown is over. Answers how many triggers it looked at. */
  async releaseDue(): Promise<number> {
    const ids = await this.unitOfWork.run({}, (tx) => this.store.releasable(tx, BATCH));
    for (const id of ids)
      await this.unitOfWork.run({}, async (tx) => {
        const trigger = await this.triggers.lockAny(tx, id);
        if (trigger) await this.gate.release(tx, trigger);
      });
    return ids.length;
  }

  /**
   * Fires an execution once more with the same input, as a new one; neither cooldown nor deduplication hold it back, another that goes on does. It acts with
   * the rights of the trigger's owner. Throws NOT_FOUND, and CONFLICT for a trigger that is paused or gone.
   */
  async replay(ctx: Ctx, executionId: string): Promise<{ id: string; triggerId: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const execution = await this.store.find(tx, ctx.workspaceId, executionId);
      const trigger = execution && (await this.triggers.find(tx, execution.triggerId));
      if (!trigger) throw new DomainError('NOT_FOUND', `there is no execution ${executionId}`, 'executionId');
      authorize(ctx, 'automation.write', trigger.project);
      if (!execution.cause)
        throw new DomainError('CONFLICT', 'this execution is older than the keeping of inputs', 'executionId');
      const memberId = memberOf(ctx);
      if (!memberId) throw new DomainError('FORBIDDEN', 'only a member replays an execution');
      const { cause, facts } = execution;
      const replay = { of: executionId, ctx, memberId };
      const [admitted] = await this.gate.admit(tx, [{ triggerId: trigger.id, cause, facts, replay }]);
      if (!admitted)
        throw new DomainError(
          'CONFLICT',
          `the trigger ${trigger.name} is ${trigger.deletedAt ? 'gone' : 'paused'}`,
          'executionId',
        );
      const id = admitted.executionId;
      await this.journal.record(tx, ctx, {
        event: 'trigger.replayed',
        subject: { kind: 'trigger_execution', id },
        data: { triggerId: trigger.id, executionId: id, eventId: execution.eventId, replayOf: executionId },
      });
      return { id, triggerId: trigger.id };
    });
  }

  dropOld(days: number): Promise<number> {
    return this.unitOfWork.run({}, (tx) => this.store.dropOld(tx, days));
  }

  private async moveIn(
    tx: Tx,
    ctx: Ctx,
    trigger: TriggerEntity,
    execution: ExecutionEntity,
    state: Exclude<ExecutionState, 'WAITING' | 'FIRED'>,
    patch: { outcome?: Readonly<Record<string, string>>; startedId?: string; reason?: string },
  ): Promise<void> {
    if (!(await this.store.move(tx, execution.id, state, patch))) return;
    await this.say(tx, ctx, execution, state, patch);
    if (state !== 'RUNNING') await this.gate.release(tx, trigger);
  }

  private async say(
    tx: Tx,
    ctx: Ctx,
    { id, triggerId, eventId, outcome }: ExecutionEntity,
    state: Exclude<ExecutionState, 'WAITING' | 'FIRED'>,
    patch: { outcome?: Readonly<Record<string, string>>; reason?: string },
  ): Promise<void> {
    const subject = { kind: 'trigger_execution', id };
    const base = { triggerId, executionId: id, eventId };
    const made = { ...base, outcome: { ...(patch.outcome ?? outcome) } };
    const reason = patch.reason ?? 'unknown';
    if (state === 'RUNNING') await this.journal.record(tx, ctx, { event: 'trigger.acted', subject, data: made });
    else if (state === 'COMPLETED') await this.journal.record(tx, ctx, { event: 'trigger.completed', subject, data: made });
    else {
      const event = state === 'FAILED' ? ('trigger.failed' as const) : ('trigger.skipped' as const);
      await this.journal.record(tx, ctx, { event, subject, data: { ...base, reason }, reason });
    }
  }
}
