import { eventType, type LoggedEvent } from '#contracts';

/**
 * An event as CloudEvents 1.0 in structured JSON. `timestamp` repeats `time`, so that the body is one of Standard Webhooks too; `sequence` sorts as text
 * (20 digits). `publicUrl` is where this installation serves the schemas of its events.
 */
export function cloudEvent(event: LoggedEvent, publicUrl: string): Readonly<Record<string, unknown>> {
  const time = event.time.toISOString();
  return {
    specversion: '1.0',
    id: event.id,
    source: `/workspaces/${event.workspaceId}`,
    type: eventType(event.name),
    subject: event.subject,
    time,
    timestamp: time,
    datacontenttype: 'application/json',
    dataschema: `${publicUrl}/schemas/${event.name}/1.json`,
    ...(event.sequence === null ? {} : { sequence: event.sequence.padStart(20, '0') }),
    partitionkey: event.subject,
    correlationid: event.correlationId,
    ...(event.causationId === null ? {} : { causationid: event.causationId }),
    hops: event.hops,
    authid: event.authId,
    data: event.data,
  };
}

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';
