import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, newSigningSecret } from '#kernel';
import { Notifier } from '#messaging';
import { DELIVERIES_DUE, DeliveriesStore } from './deliveries.store.js';
import type { AddressRules } from './http/address-rules.js';
import type { Parcel } from './http/send-webhook.js';
import type { MlflowEvent } from './model/mlflow-events.js';
import { LineageBodies } from './openlineage/lineage-bodies.js';
import {
  checkedBearer,
  checkedEvents,
  checkMove,
  checkNarrowing,
  checkWebhookName,
  checkWebhookTexts,
  GRACE_HOURS,
  ORDER_WINDOW,
  type WebhookForm,
  type WebhookNarrowing,
} from './model/webhook.js';
import type { WebhookStatus } from './webhooks.entities.js';
import { madeUp, tested } from './webhook-examples.js';
import { WebhooksStore, type WebhookFacts } from './webhooks.store.js';

export interface NewWebhook extends WebhookNarrowing {
  readonly name: string;
  /** `mlflow` when absent. */
  readonly form?: WebhookForm;
  readonly url: string;
  /** As `entity.action` of MLflow; in our own form types of the catalogue and patterns. */
  readonly events: readonly string[];
  readonly description?: string;
  /** For MLflow's form; in our own the platform makes it. */
  readonly secret?: string;
  /** In OpenLineage's form: what its receiver knows it by. */
  readonly bearerToken?: string;
  readonly status?: WebhookStatus;
}

/** What a patch does not name stays; an empty secret takes it away, null a subject or a project. */
export type WebhookPatch = Partial<Omit<NewWebhook, 'form'>>;

/** `secret`: one that was made now, and that nobody is told again. */
export interface MadeWebhook {
  readonly id: string;
  readonly secret?: string;
}

/** Use cases of webhooks. They hear of the whole workspace, so that every one needs the right on all of it. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: WebhooksStore,
    private readonly deliveries: DeliveriesStore,
    private readonly journal: Journal,
    private readonly notifier: Notifier,
    private readonly lineage: LineageBodies,
  ) {}

  /** `rules` say where webhooks of this installation may go. The name is a label: others may have it too. */
  async create(ctx: Ctx, input: NewWebhook, rules: AddressRules): Promise<MadeWebhook> {
    const { name, description = '', status = 'ACTIVE', form = 'mlflow' } = input;
    authorizeForm(ctx, form);
    checkWebhookName(name);
    checkWebhookTexts(input);
    checkNarrowing(form, input);
    const made = secretOf(form, input.secret);
    const bearer = checkedBearer(form, input.bearerToken) ?? null;
    const url = rules.checkedUrl(input.url);
    const events = checkedEvents(form, input.events);
    const id = newId('webhook');
    const owner = { workspaceId: ctx.workspaceId, createdBy: ctx.authId };
    const { subject = null, orderWindowSeconds = ORDER_WINDOW.usual } = input;
    const project = input.project ? checkedProject(input.project) : null;
    const narrowing = { subject: subject || null, project, orderWindowSeconds };
    return this.unitOfWork.run(ctx, async (tx) => {
      const row = { id, ...owner, name, form, url: input.url, description, secret: made, bearer, events, ...narrowing, status };
      await this.store.insert(tx, row);
      await this.journal.record(tx, ctx, {
        event: 'webhook.created',
        subject: { kind: 'webhook', id },
        data: { webhookId: id, name },
        after: {
          name,
          form,
          to: url.origin,
          events,
          status,
          signed: Boolean(made),
          ...(form === 'mlflow' ? {} : narrowing),
          ...(form === 'openlineage' ? { authorized: bearer !== null } : {}),
        },
      });
      return { id, ...(form !== 'mlflow' && made ? { secret: made } : {}) };
    });
  }

  /** Throws NOT_FOUND. */
  async update(ctx: Ctx, id: string, patch: WebhookPatch, rules: AddressRules): Promise<{ id: string }> {
    if (patch.name !== undefined) checkWebhookName(patch.name);
    checkWebhookTexts(patch);
    const url = patch.url === undefined ? undefined : rules.checkedUrl(patch.url);
    return this.change(ctx, id, async (tx, before) => {
      const { name, description, status, subject, orderWindowSeconds } = patch;
      const events = patch.events && checkedEvents(before.form, patch.events);
      checkNarrowing(before.form, patch);
      const secret = patch.secret === undefined ? undefined : secretOf(before.form, patch.secret);
      const bearer = checkedBearer(before.form, patch.bearerToken);
      checkMove(before, url, bearer);
      const project = patch.project ? checkedProject(patch.project) : patch.project;
      const narrowing = { subject, project, orderWindowSeconds };
      await this.store.change(tx, id, { name, url: patch.url, description, events, status, secret, bearer, ...narrowing });
      if (url || (status === 'ACTIVE' && before.status === 'DISABLED')) await this.resume(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'webhook.updated',
        subject: { kind: 'webhook', id },
        data: { webhookId: id, name: name ?? before.name },
        before: { name: before.name, to: new URL(before.url).origin, events: before.events, status: before.status },
        after: {
          name,
          to: url?.origin,
          events,
          status,
          ...narrowing,
          signed: secret === undefined ? undefined : secret !== null,
          authorized: bearer === undefined ? undefined : bearer !== null,
        },
      });
      return { id };
    });
  }

  /**
   * Makes another secret for a webhook in our form. What is sent in the next `graceHours` (24 when absent, 0 to 168) is signed by the one before as well.
   * Throws NOT_FOUND, and CONFLICT in MLflow's form, where a secret is set by an update.
   */
  async rotateSecret(ctx: Ctx, id: string, graceHours: number = GRACE_HOURS.usual): Promise<MadeWebhook> {
    if (!(graceHours >= 0 && graceHours <= GRACE_HOURS.most))
      throw new DomainError('BAD_INPUT', `graceHours must be between 0 and ${GRACE_HOURS.most}`, 'graceHours');
    return this.change(ctx, id, async (tx, { name, form }) => {
      if (form === 'mlflow')
        throw new DomainError('CONFLICT', `the webhook ${name} has the form MLFLOW: updateWebhook sets its secret`, 'webhookId');
      const secret = newSigningSecret();
      await this.store.rotateSecret(tx, id, secret, graceHours * 3600);
      await this.journal.record(tx, ctx, {
        event: 'webhook.secret_rotated',
        subject: { kind: 'webhook', id },
        data: { webhookId: id, name },
        after: { graceHours },
      });
      return { id, secret };
    });
  }

  /** Also drops what waits for it. Throws NOT_FOUND. */
  async delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, { name }) => {
      await this.store.delete(tx, id);
      const subject = { kind: 'webhook', id };
      await this.journal.record(tx, ctx, { event: 'webhook.deleted', subject, data: { webhookId: id, name } });
      return { id };
    });
  }

  /**
   * Sends a delivery that failed once more, under its own id and with the same bytes; what fails again is put off as before while its time lasts. Throws
   * NOT_FOUND, and CONFLICT for one that did not fail or whose webhook is off.
   */
  async redeliver(ctx: Ctx, deliveryId: string): Promise<{ id: string }> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const webhookId = await this.deliveries.webhookOf(tx, ctx.workspaceId, deliveryId);
      const webhook = webhookId && (await this.store.lock(tx, ctx.workspaceId, webhookId));
      if (!webhook) throw new DomainError('NOT_FOUND', `there is no delivery ${deliveryId}`, 'deliveryId');
      if (webhook.status !== 'ACTIVE')
        throw new DomainError('CONFLICT', `the webhook ${webhook.name} is off; make it ACTIVE first`, 'deliveryId');
      if (!(await this.deliveries.retry(tx, deliveryId)))
        throw new DomainError('CONFLICT', 'only a delivery that FAILED is sent again', 'deliveryId');
      tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
      await this.journal.record(tx, ctx, {
        event: 'webhook.redelivered',
        subject: { kind: 'webhook', id: webhook.id },
        data: { webhookId: webhook.id, name: webhook.name, deliveryId },
      });
      return { id: deliveryId };
    });
  }

  /**
   * A delivery to be sent at once: in MLflow's form with made-up data of `event`, else of the webhook's first; in our own the event `webhook.tested`
   * itself; in OpenLineage's an event of a job that bears the webhook's name. Throws NOT_FOUND, and BAD_INPUT for an event where none can be chosen.
   */
  async example(ctx: Ctx, id: string, publicUrl: string, event?: MlflowEvent): Promise<Parcel> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run({}, async (tx) => {
      const target = await this.store.target(tx, ctx.workspaceId, id);
      if (!target) throw noWebhook(id);
      if (target.form !== 'mlflow' && event)
        throw new DomainError(
          'BAD_INPUT',
          'only a webhook of the form MLFLOW is tested by an event of choice: leave event out',
          'event',
        );
      const said = target.form === 'mlflow' ? (event ?? (target.events[0] as MlflowEvent)) : 'webhook.tested';
      const eventId = await this.journal.record(tx, ctx, {
        event: 'webhook.tested',
        subject: { kind: 'webhook', id },
        data: { webhookId: id },
        after: { event: said },
      });
      if (said !== 'webhook.tested') return madeUp(ctx, said, target);
      if (target.form !== 'openlineage') return tested(ctx, id, eventId, target, publicUrl);
      const payload = await this.lineage.example(ctx.workspaceId, { id, name: target.name }, ctx.clock.now(), publicUrl);
      return { ...target, id: eventId, payload };
    });
  }

  /** What waited goes out now, but for what had its time while nobody was to be told. */
  private async resume(tx: Tx, id: string): Promise<void> {
    await this.deliveries.resume(tx, id);
    tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
  }

  private async change<T>(ctx: Ctx, id: string, work: (tx: Tx, before: WebhookFacts) => Promise<T>): Promise<T> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const before = await this.store.lock(tx, ctx.workspaceId, id);
      if (!before) throw noWebhook(id);
      return work(tx, before);
    });
  }
}

/** What is told in our form is the log of the whole workspace. */
function authorizeForm(ctx: Ctx, form: WebhookForm): void {
  authorize(ctx, 'automation.write', '/');
  if (form !== 'mlflow') authorize(ctx, 'events.read', '/');
}

/** In our form the platform makes the secret. Throws BAD_INPUT for one that was given. */
function secretOf(form: WebhookForm, given: string | undefined): string | null {
  if (form === 'mlflow') return given || null;
  if (given === undefined) return newSigningSecret();
  throw new DomainError('BAD_INPUT', 'the platform makes the secret of this form; rotateWebhookSecret makes another', 'secret');
}

function noWebhook(id: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no webhook ${id}`, 'webhookId');
}
