import { covers } from '#access';
import type { LoggedEvent } from '#contracts';
import { newId } from '#kernel';
import type { NewDelivery } from './deliveries.store.js';
import type { FactsPort } from './facts.port.js';
import { hears } from './model/event-patterns.js';
import { mlflowPayload, splitEvent } from './model/mlflow-events.js';
import { noticeOf } from './model/mlflow-notice.js';
import { isLineage, lineageSubject } from './openlineage/lineage-event.js';
import type { ListeningWebhook } from './webhooks.store.js';

/** What of these events is to be delivered to these webhooks. It asks once for the project of a subject, and only where a webhook is bound to one. */
export async function deliveriesOf(
  webhooks: readonly ListeningWebhook[],
  events: readonly LoggedEvent[],
  facts: FactsPort,
): Promise<NewDelivery[]> {
  const rows: NewDelivery[] = [];
  for (const event of events) {
    const heard = webhooks.filter(({ workspaceId, createdAt }) => workspaceId === event.workspaceId && event.time >= createdAt);
    const projectOf = once(async () => (await facts.of(event.workspaceId, event))['project']);
    for (const webhook of heard) {
      const row = webhook.form === 'mlflow' ? inMlflowForm(webhook, event) : inOurForm(webhook, event);
      if (row && (await isInProject(webhook.project, projectOf))) rows.push(row);
    }
  }
  return rows;
}

function inMlflowForm(webhook: ListeningWebhook, event: LoggedEvent): NewDelivery | undefined {
  const notice = noticeOf(event);
  if (!notice || !webhook.events.includes(notice.event)) return undefined;
  const payload = mlflowPayload(notice.event, event.time, notice.data);
  return { ...base(webhook, event), ...splitEvent(notice.event), payload, subject: null };
}

/** Without a body: that is made from the log when it is sent, so that a backlog is cheap, and matching too. */
function inOurForm(webhook: ListeningWebhook, event: LoggedEvent): NewDelivery | undefined {
  if (webhook.form === 'openlineage' && !isLineage(event.name)) return undefined;
  if (!hears(webhook.events, event.name) || (webhook.subject !== null && webhook.subject !== event.subject)) return undefined;
  const subject = webhook.form === 'openlineage' ? lineageSubject(event) : event.subject;
  return { ...base(webhook, event), ...splitEvent(event.name), payload: null, subject };
}

function base(webhook: ListeningWebhook, event: LoggedEvent) {
  return { id: newId('webhookDelivery'), webhookId: webhook.id, eventId: event.id, sequence: event.sequence };
}

async function isInProject(path: string | null, projectOf: () => Promise<unknown>): Promise<boolean> {
  if (path === null || path === '/') return true;
  const project = await projectOf();
  return typeof project === 'string' && covers(path, project);
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= work());
}
