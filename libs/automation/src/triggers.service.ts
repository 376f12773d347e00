import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal, memberOf } from '#access';
import { UnitOfWork } from '#database';
import { DomainError, newId } from '#kernel';
import { ExecutionEntity, TriggerEntity, type ExecutionState } from './automation.entities.js';
import { TriggerActionSchema, TriggerFilterSchema } from './model/trigger.js';

export interface TriggerInput {
  readonly name: string;
  readonly project?: string | null;
  readonly filter: unknown;
  readonly action: unknown;
}

/** An execution with what is needed to act on it. */
export interface FiredTrigger {
  readonly trigger: Readonly<TriggerEntity>;
  readonly execution: Readonly<ExecutionEntity>;
}

/** Use cases of triggers. */
@Injectable()
export class TriggersService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly journal: Journal,
  ) {}

  /** The trigger acts with the rights of the member who makes it, as they are when it fires. */
  async create(ctx: Ctx, input: TriggerInput): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    checkName(input.name);
    authorize(ctx, 'automation.write', project);
    const ownerId = memberOf(ctx);
    if (!ownerId) throw new DomainError('FORBIDDEN', 'a trigger needs a member as its owner');
    const filter = parsed(TriggerFilterSchema.safeParse(input.filter), 'filter');
    const action = parsed(TriggerActionSchema.safeParse(input.action), 'action');
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('trigger');
      const rows = await tx.query(
        `insert into trigger (id, workspace_id, project, name, filter, action, owner_id) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (workspace_id, name) do nothing returning 1`,
        [id, ctx.workspaceId, project, input.name, JSON.stringify(filter), JSON.stringify(action), ownerId],
      );
      if (rows.length === 0) throw new DomainError('CONFLICT', `there is a trigger named ${input.name} already`, 'name');
      await this.journal.record(tx, ctx, {
        event: 'trigger.created',
        subject: { kind: 'trigger', id },
        data: { triggerId: id, name: input.name, project },
        after: { filter, action },
      });
      return { id };
    });
  }

  async fired(ctx: Ctx, executionId: string): Promise<FiredTrigger | undefined> {
    return this.unitOfWork.run({}, async (tx) => {
      const execution = await tx.em.findOneBy(ExecutionEntity, { id: executionId, workspaceId: ctx.workspaceId });
      const trigger = execution && (await tx.em.findOneBy(TriggerEntity, { id: execution.triggerId }));
      return trigger && execution.state === 'FIRED' ? { trigger, execution } : undefined;
    });
  }

  /** Writes down how an execution ended, by compare-and-set from FIRED. */
  async settle(
    ctx: Ctx,
    fired: FiredTrigger,
    state: Exclude<ExecutionState, 'FIRED' | 'SKIPPED'>,
    result: { outcome?: Record<string, string>; reason?: string },
  ): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const { execution, trigger } = fired;
      const patch = { state, reason: result.reason ?? null, outcome: result.outcome ?? null, endedAt: ctx.clock.now() };
      const { affected } = await tx.em.update(ExecutionEntity, { id: execution.id, state: 'FIRED' }, patch);
      if (!affected) return;
      const base = { triggerId: trigger.id, executionId: execution.id, eventId: execution.eventId };
      const subject = { kind: 'trigger_execution', id: execution.id };
      if (state === 'COMPLETED')
        await this.journal.record(tx, ctx, {
          event: 'trigger.completed',
          subject,
          data: { ...base, outcome: result.outcome ?? {} },
        });
      else
        await this.journal.record(tx, ctx, {
          event: 'trigger.failed',
          subject,
          data: { ...base, reason: result.reason ?? 'unknown' },
          reason: result.reason,
        });
    });
  }
}

function parsed<T>(
  result: { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } },
  field: string,
): T {
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DomainError('BAD_INPUT', `${[field, ...issue.path].join('.')}: ${issue.message}`, [field, ...issue.path].join('.'));
}
