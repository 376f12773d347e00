import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api-error.js';
import type { TailraceClient } from './tailrace-client.js';

export interface TailEvent {
  readonly sequence: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: unknown;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly hops: number;
  readonly authId: string;
}

const FIELDS = 'sequence id type subject time data correlationId causationId hops authId';
/** The cost of a query is limited, and grows with its page. */
const PAGE = 250;
const LIVE = `subscription ($after: String, $types: [String!]) { events(after: $after, types: $types) { ${FIELDS} } }`;
const PAST = `query ($after: String!, $types: [String!]) { events(after: $after, first: ${PAGE}, types: $types) { ${FIELDS} } }`;
const LONGEST_WAIT_MS = 10_000;

export interface TailFrom {
  /** Events after this sequence; from now on when it is absent. */
  readonly after?: string;
  readonly types?: readonly string[];
}

/** Events that the log holds after a sequence, then the end. */
export async function* pastEvents(client: TailraceClient, { after = '0', types }: TailFrom): AsyncGenerator<TailEvent> {
  for (let from = after; ;) {
    const { events } = await client.query<{ events: TailEvent[] }>(PAST, { after: from, types });
    yield* events;
    if (events.length < PAGE) return;
    from = events.at(-1)!.sequence;
  }
}

/**
 * Events as they happen. A connection that is lost is opened again after the last event, so that none is missed or comes twice; `onLost` is
 * told. Throws what the server refuses.
 */
export async function* followEvents(
  client: TailraceClient,
  from: TailFrom,
  onLost: (last: string) => void,
): AsyncGenerator<TailEvent> {
  let last = from.after ?? (await lastSequence(client));
  for (let wait = 250; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      for await (const event of client.subscribeOnce<TailEvent>(LIVE, { after: last, types: from.types })) {
        yield event;
        last = event.sequence;
        wait = 250;
      }
    } catch (error) {
      if (isRefusal(error)) throw error;
    }
    // A server that stops in order ends what is followed, too.
    onLost(last);
    await delay(wait);
  }
}

async function lastSequence(client: TailraceClient): Promise<string> {
  const { eventLog } = await client.query<{ eventLog: { lastSequence: string } }>('{ eventLog { lastSequence } }');
  return eventLog.lastSequence;
}

/** The server spoke, and said no: asking again would change nothing. graphql-ws throws its errors as an array, and 44xx closes it for good. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof ApiError || Array.isArray(error) || (typeof code === 'number' && code >= 4400 && code < 4500);
}
