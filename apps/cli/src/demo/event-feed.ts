import type { TailraceClient } from '../client/tailrace-client.js';

export interface FeedEvent {
  readonly id: string;
  readonly sequence: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

const QUERY = 'subscription Feed($after: String) { events(after: $after) { id sequence type subject data } }';

/** Follows the event log from its beginning, keeps what it saw, and waits for what is to come. */
export class EventFeed {
  readonly seen: FeedEvent[] = [];
  private readonly waiting = new Set<() => void>();
  private failure: unknown;

  constructor(client: TailraceClient, after: string) {
    void this.follow(client, after).catch((error: unknown) => {
      this.failure = error;
      this.waiting.forEach((wake) => wake());
    });
  }

  /** The first event of one of these types that fits, seen already or still to come. Throws after `seconds`. */
  async first(
    names: string | readonly string[],
    fits: (data: Record<string, unknown>) => boolean,
    seconds = 90,
  ): Promise<FeedEvent> {
    const types = [names].flat().map((name) => `io.tailrace.${name}.v1`);
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const event = this.seen.find((candidate) => types.includes(candidate.type) && fits(candidate.data));
      if (event) return event;
      if (this.failure) throw this.failure;
      if (Date.now() > until) throw new Error(`no event ${[names].flat().join(' or ')} within ${seconds} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, until - Date.now() + 10);
        const waiting = this.waiting;
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  private async follow(client: TailraceClient, after: string): Promise<void> {
    for await (const event of client.subscribe<FeedEvent>(QUERY, { after })) {
      this.seen.push(event);
      this.waiting.forEach((wake) => wake());
    }
  }
}
