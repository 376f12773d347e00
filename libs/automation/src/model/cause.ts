import type { EventName, LoggedEvent } from '#contracts';

/** What an execution was fired with: an event of the log, a time of a schedule, or a message from outside. Plain JSON, kept with the execution. */
export interface Cause {
  /** Id of the event, `schedule/<time>` or `incoming/<webhook-id>`. */
  readonly id: string;
  readonly name: EventName | 'schedule' | 'incoming';
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly time: string;
  readonly sequence: string | null;
  readonly correlationId: string;
  /** How long the chain of causes is that led here. */
  readonly hops: number;
}

export function causeOf(event: LoggedEvent): Cause {
  const { id, name, subject, sequence, correlationId, hops } = event;
  return { id, name, subject, data: { ...event.data }, time: event.time.toISOString(), sequence, correlationId, hops };
}

export function scheduledCause(triggerId: string, at: Date, correlationId: string): Cause {
  const time = at.toISOString();
  const subject = `trigger/${triggerId}`;
  return {
    id: `schedule/${time}`,
    name: 'schedule',
    subject,
    data: { scheduledFor: time },
    time,
    sequence: null,
    correlationId,
    hops: 0,
  };
}

export function incomingCause(
  triggerId: string,
  messageId: string,
  data: Readonly<Record<string, unknown>>,
  time: Date,
  correlationId: string,
): Cause {
  const subject = `trigger/${triggerId}`;
  return {
    id: `incoming/${messageId}`,
    name: 'incoming',
    subject,
    data,
    time: time.toISOString(),
    sequence: null,
    correlationId,
    hops: 0,
  };
}
