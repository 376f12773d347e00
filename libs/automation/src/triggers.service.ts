import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, checkName, type Ctx, Journal, memberOf } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, newSigningSecret } from '#kernel';
import type { TriggerEntity } from './automation.entities.js';
import { ExecutionsStore } from './executions.store.js';
import { ActionTargets } from './action-targets.js';
import type { AddressRules } from './http/address-rules.js';
import { isOutside } from './model/action.js';
import { nextTime } from './model/schedule.js';
import { readFilter } from './model/trigger.js';
import {
  auditedDefinition,
  checkedDefinition,
  patchedDefinition,
  type Checked,
  type TriggerInput,
  type TriggerPatch,
} from './trigger-definition.js';
import { TriggersStore, type TriggerDefinition } from './triggers.store.js';

/** Secrets that were made now; they are told once. */
export interface MadeSecrets {
  /** By which who sends to its incoming webhook signs. */
  readonly incomingSecret?: string;
  /** By which the calls of `call_webhook` are signed. */
  readonly signingSecret?: string;
}
export type MadeTrigger = { readonly id: string } & MadeSecrets;

/** How long the secret before stays good when another takes its place, in hours. */
const GRACE_HOURS = { usual: 24, most: 24 * 7 };

/** Use cases of triggers. */
@Injectable()
export class TriggersService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TriggersStore,
    private readonly executions: ExecutionsStore,
    private readonly targets: ActionTargets,
    private readonly journal: Journal,
  ) {}

  /**
   * The trigger acts with the rights of the member who makes it, as they are when it fires. `rules` say where its calls may go. Throws BAD_INPUT, CONFLICT, and
   * NOT_FOUND for an action on what is not there.
   */
  async create(ctx: Ctx, input: TriggerInput, rules: AddressRules): Promise<MadeTrigger> {
    const project = checkedProject(input.project);
    checkName(input.name);
    authorize(ctx, 'automation.write', project);
    const ownerId = memberOf(ctx);
    if (!ownerId) throw new DomainError('FORBIDDEN', 'a trigger needs a member as its owner');
    const checked = checkedDefinition({ ...input, project }, rules);
    await this.targets.check(ctx, checked.definition.action);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('trigger');
      const definition = await this.timed(tx, checked.definition);
      if (!(await this.store.insert(tx, { ...definition, id, workspaceId: ctx.workspaceId, ownerId })))
        throw nameTaken(input.name);
      const secrets = await this.keepSecrets(tx, id, checked);
      await this.journal.record(tx, ctx, {
        event: 'trigger.created',
        subject: { kind: 'trigger', id },
        data: { triggerId: id, name: input.name, project },
        after: auditedDefinition(definition),
      });
      return { id, ...secrets };
    });
  }

  /**
   * Changes what is given. The trigger then acts with what both its owner and its last editor may: nobody lends rights that are not their own. An action of
   * the same kind keeps its address and its secret. Throws NOT_FOUND (also for a new action on what is not there), BAD_INPUT, CONFLICT.
   */
  async update(ctx: Ctx, id: string, patch: TriggerPatch, rules: AddressRules): Promise<MadeTrigger> {
    const by = memberOf(ctx);
    if (!by) throw new DomainError('FORBIDDEN', 'only a member changes a trigger');
    return this.change(ctx, id, async (tx, before) => {
      if (patch.name !== undefined) checkName(patch.name);
      const project = patch.project === undefined ? before.project : checkedProject(patch.project);
      authorize(ctx, 'automation.write', project);
      const checked = patchedDefinition(before, { ...patch, project }, rules);
      // What it names may have gone since it was given; that it fails then is no reason not to change the rest.
      if (patch.action !== undefined) await this.targets.check(ctx, checked.definition.action);
      const definition = before.enabled ? await this.timed(tx, checked.definition) : checked.definition;
      if (!(await this.store.change(tx, id, definition, by))) throw nameTaken(definition.name);
      const secrets = await this.keepSecrets(tx, id, checked, before);
      if (secrets.incomingSecret) await this.store.setSecretBy(tx, id, by);
      await this.journal.record(tx, ctx, {
        event: 'trigger.updated',
        subject: { kind: 'trigger', id },
        data: { triggerId: id, name: definition.name, project },
        before: auditedDefinition(before),
        after: auditedDefinition(definition),
      });
      return { id, ...secrets };
    });
  }

  /** What comes while it is paused passes it by; what waits for it waits on. Throws NOT_FOUND. */
  pause(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.setEnabled(ctx, id, false);
  }

  /** A schedule goes on with its next time from now. Throws NOT_FOUND. */
  resume(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.setEnabled(ctx, id, true);
  }

  /** Its executions stay readable; what waits is skipped, what it has started goes on. Throws NOT_FOUND. */
  delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, { name, project }) => {
      await this.executions.skipWaiting(tx, id, 'deleted: the trigger is gone');
      await this.store.delete(tx, id);
      const subject = { kind: 'trigger', id };
      await this.journal.record(tx, ctx, { event: 'trigger.deleted', subject, data: { triggerId: id, name, project } });
      return { id };
    });
  }

  /**
   * Makes a new secret: of the incoming webhook, or that signs the calls of `call_webhook`. The one before is good for `graceHours` more (24 when absent, 0 to
   * 168): an incoming message may be signed by either, and a call is signed by both. Throws NOT_FOUND, and CONFLICT for a trigger without one.
   */
  async rotateSecret(
    ctx: Ctx,
    id: string,
    kind: 'incoming' | 'signing',
    graceHours: number = GRACE_HOURS.usual,
  ): Promise<MadeTrigger> {
    if (!(graceHours >= 0 && graceHours <= GRACE_HOURS.most))
      throw new DomainError('BAD_INPUT', `graceHours must be between 0 and ${GRACE_HOURS.most}`, 'graceHours');
    return this.change(ctx, id, async (tx, { name, project }) => {
      const secret = newSigningSecret();
      if (!(await this.store.rotateSecret(tx, id, kind, secret, graceHours * 3600)))
        throw new DomainError('CONFLICT', `the trigger ${name} has no ${kind} secret`, 'kind');
      if (kind === 'incoming') await this.store.setSecretBy(tx, id, memberOf(ctx));
      const subject = { kind: 'trigger', id };
      await this.journal.record(tx, ctx, { event: 'trigger.secret_rotated', subject, data: { triggerId: id, name, project } });
      return { id, [kind === 'incoming' ? 'incomingSecret' : 'signingSecret']: secret };
    });
  }

  /**
   * Makes the caller its owner: it acts with the caller's rights from now on, and no more with those of its owner and last editor of before. The secret of an
   * incoming webhook stays known to who made it: until it is rotated, the trigger acts with what that member may as well. Throws NOT_FOUND, FORBIDDEN.
   */
  async takeOver(ctx: Ctx, id: string): Promise<{ id: string }> {
    const by = memberOf(ctx);
    if (!by) throw new DomainError('FORBIDDEN', 'only a member takes a trigger over');
    return this.change(ctx, id, async (tx, { name, project, ownerId, updatedBy }) => {
      await this.store.takeOver(tx, id, by);
      await this.journal.record(tx, ctx, {
        event: 'trigger.taken_over',
        subject: { kind: 'trigger', id },
        data: { triggerId: id, name, project, ownerId: by },
        before: { ownerId, updatedBy },
        after: { ownerId: by, updatedBy: null },
      });
      return { id };
    });
  }

  private setEnabled(ctx: Ctx, id: string, enabled: boolean): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, trigger) => {
      if (trigger.enabled === enabled) return { id };
      const { nextFireAt } = enabled ? await this.timed(tx, trigger) : { nextFireAt: null };
      await this.store.setEnabled(tx, id, enabled, nextFireAt);
      const { name, project } = trigger;
      await this.journal.record(tx, ctx, {
        event: enabled ? 'trigger.resumed' : 'trigger.paused',
        subject: { kind: 'trigger', id },
        data: { triggerId: id, name, project },
      });
      return { id };
    });
  }

  /** With the next time of its schedule, by the database's clock. */
  private async timed(tx: Tx, definition: TriggerDefinition): Promise<TriggerDefinition> {
    const filter = readFilter(definition.filter);
    if (filter.kind !== 'schedule') return { ...definition, nextFireAt: null };
    return { ...definition, nextFireAt: nextTime(filter, await this.store.now(tx)) ?? null };
  }

  /** Writes the secrets that the definition needs and drops those of before; answers what was made now. */
  private async keepSecrets(tx: Tx, id: string, { definition, url }: Checked, before?: TriggerEntity): Promise<MadeSecrets> {
    const { action } = definition;
    if (url) await this.store.setSecret(tx, id, 'url', url);
    else if (!isOutside(action) && before && isOutside(before.action)) await this.store.dropSecrets(tx, id, ['url']);
    const incomingSecret = await this.keepSecret(tx, id, 'incoming', readFilter(definition.filter).kind === 'incoming');
    const signingSecret = await this.keepSecret(tx, id, 'signing', action.kind === 'call_webhook');
    return { ...(incomingSecret ? { incomingSecret } : {}), ...(signingSecret ? { signingSecret } : {}) };
  }

  private async keepSecret(tx: Tx, id: string, kind: 'incoming' | 'signing', wanted: boolean): Promise<string | undefined> {
    const has = (await this.store.secrets(tx, id, kind)).length > 0;
    if (has && !wanted) await this.store.dropSecrets(tx, id, [kind]);
    if (has || !wanted) return undefined;
    const made = newSigningSecret();
    await this.store.setSecret(tx, id, kind, made);
    return made;
  }

  private change<T>(ctx: Ctx, id: string, work: (tx: Tx, before: TriggerEntity) => Promise<T>): Promise<T> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const before = await this.store.lock(tx, ctx.workspaceId, id);
      if (!before) throw new DomainError('NOT_FOUND', `there is no trigger ${id}`, 'triggerId');
      authorize(ctx, 'automation.write', before.project);
      return work(tx, before);
    });
  }
}

function nameTaken(name: string): DomainError {
  return new DomainError('CONFLICT', `there is a trigger named ${name} already`, 'name');
}
