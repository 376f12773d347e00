import type { Controls } from './trigger.js';

/** Most executions that wait for one trigger. */
export const MAX_WAITING = 1000;

/** Where a trigger stands before something new comes. */
export interface Standing {
  /** Its execution that has not ended. */
  readonly active: string | null;
  readonly lastFiredAt: Date | null;
  /** Executions that wait, oldest first. */
  readonly waiting: readonly string[];
}

export interface Offer {
  readonly executionId: string;
  readonly hops: number;
  /** Execution with the same key within the window of deduplication, if there is one. */
  readonly duplicateOf?: string | null;
  /** Asked for by a person: neither cooldown nor hops hold it back. */
  readonly asked?: boolean;
}

export type Verdict =
  { readonly state: 'FIRED' } | { readonly state: 'WAITING' } | { readonly state: 'SKIPPED'; readonly reason: string };

/**
 * Decides what becomes of each cause of one trigger: one execution at a time, not sooner than the cooldown lets it, each loop cut at its limit. Pure: the
 * caller holds the trigger's row lock, and writes down what it says.
 */
export class Turnstile {
  /** What waited before and does not any more: it fires now, or another took its place. */
  readonly released = new Set<string>();
  readonly superseded = new Map<string, string>();
  private active: string | null;
  private lastFiredAt: Date | null;
  private waiting: string[];

  constructor(
    private readonly controls: Controls,
    standing: Standing,
  ) {
    this.active = standing.active;
    this.lastFiredAt = standing.lastFiredAt;
    this.waiting = [...standing.waiting];
  }

  offer(offer: Offer, now: Date): Verdict {
    const { concurrency, maxHops } = this.controls;
    if (!offer.asked && offer.hops >= maxHops)
      return skipped(`loop: the chain of causes is ${offer.hops} events long, and ${maxHops} is the limit`);
    if (offer.duplicateOf) return skipped(`duplicate: of ${offer.duplicateOf}`);
    const held = this.heldBy(now, offer.asked);
    if (held && concurrency === 'skip') return skipped(held);
    if (concurrency === 'queue' && this.waiting.length >= MAX_WAITING)
      return skipped(`full: ${MAX_WAITING} executions wait already`);
    if (concurrency === 'newest') this.supersede(offer.executionId);
    this.waiting.push(offer.executionId);
    return this.release(now, offer.asked) === offer.executionId ? { state: 'FIRED' } : { state: 'WAITING' };
  }

  /** Lets the oldest that waits go, if nothing holds it back. */
  release(now: Date, asked = false): string | undefined {
    if (this.waiting.length === 0 || this.heldBy(now, asked)) return undefined;
    const id = this.waiting.shift()!;
    this.active = id;
    this.lastFiredAt = now;
    this.released.add(id);
    return id;
  }

  /** The execution that was active has ended. */
  end(): void {
    this.active = null;
  }

  /** When the cooldown after the last firing is, or was, over; undefined when nothing has fired. */
  coolsAt(): Date | undefined {
    return this.lastFiredAt ? new Date(this.lastFiredAt.getTime() + this.controls.cooldownSeconds * 1000) : undefined;
  }

  /** When the cooldown is over; undefined when it is. */
  coolUntil(now: Date): Date | undefined {
    const until = this.coolsAt();
    return until && until > now ? until : undefined;
  }

  private heldBy(now: Date, asked?: boolean): string | undefined {
    if (this.active) return `busy: ${this.active} has not ended`;
    const until = asked ? undefined : this.coolUntil(now);
    return until && `cooldown: until ${until.toISOString()}`;
  }

  private supersede(by: string): void {
    for (const id of this.waiting) this.superseded.set(id, by);
    this.waiting = [];
  }
}

export function supersededReason(by: string): string {
  return `superseded: by ${by}`;
}

const skipped = (reason: string): Verdict => ({ state: 'SKIPPED', reason });
