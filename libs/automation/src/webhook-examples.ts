import type { Ctx } from '#access';
import { newId } from '#kernel';
import type { Parcel } from './http/send-webhook.js';
import { cloudEvent } from './model/cloud-event.js';
import { MLFLOW_EVENTS, mlflowPayload, type MlflowEvent } from './model/mlflow-events.js';
import type { WebhookTarget } from './webhooks.store.js';

/** A delivery in MLflow's form, with made-up data. */
export function madeUp(ctx: Ctx, event: MlflowEvent, { form, url, secrets, bearer }: WebhookTarget): Parcel {
  return {
    form,
    bearer,
    id: newId('webhookDelivery'),
    url,
    secrets,
    payload: mlflowPayload(event, ctx.clock.now(), MLFLOW_EVENTS[event]),
  };
}

/** A delivery in our own form: the event that the test itself has said. */
export function tested(
  ctx: Ctx,
  webhookId: string,
  id: string,
  { form, url, secrets, bearer }: WebhookTarget,
  publicUrl: string,
): Parcel {
  const { workspaceId, correlationId, authId } = ctx;
  const about = {
    subject: `webhook/${webhookId}`,
    data: { webhookId },
    time: ctx.clock.now(),
    workspaceId,
    correlationId,
    authId,
  };
  const event = { id, name: 'webhook.tested', ...about, sequence: null, causationId: null, hops: 0 } as const;
  return { form, id, url, secrets, bearer, payload: JSON.stringify(cloudEvent(event, publicUrl)) };
}
