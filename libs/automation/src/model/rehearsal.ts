import type { Controls } from './trigger.js';
import { supersededReason, Turnstile } from './turnstile.js';

export interface Rehearsed {
  readonly eventId: string;
  readonly state: 'FIRED' | 'WAITING' | 'SKIPPED';
  readonly reason: string | null;
  /** When it would have fired: with its event, or when the cooldown was over. */
  readonly firesAt: Date | null;
}

/** A turnstile through which past causes go at their own times; each execution ends as soon as it has fired. Nothing but a memory of it is kept. */
export class Rehearsal {
  private readonly turnstile: Turnstile;
  private readonly done = new Map<string, Rehearsed>();
  private readonly keys = new Map<string, { id: string; at: Date }>();

  constructor(private readonly controls: Controls) {
    this.turnstile = new Turnstile(controls, { active: null, lastFiredAt: null, waiting: [] });
  }

  /** `key`: of deduplication. Causes come in the order of their times. */
  offer({ eventId, hops, key }: { eventId: string; hops: number; key: string | null }, at: Date): void {
    this.letGo(at);
    const verdict = this.turnstile.offer({ executionId: eventId, hops, duplicateOf: key && this.recent(key, at) }, at);
    if (key && verdict.state !== 'SKIPPED') this.keys.set(key, { id: eventId, at });
    const reason = verdict.state === 'SKIPPED' ? verdict.reason : null;
    this.done.set(eventId, { eventId, state: verdict.state, reason, firesAt: verdict.state === 'FIRED' ? at : null });
    if (verdict.state === 'FIRED') this.turnstile.end();
    for (const [id, by] of this.turnstile.superseded)
      this.done.set(id, { eventId: id, state: 'SKIPPED', reason: supersededReason(by), firesAt: null });
    this.turnstile.superseded.clear();
  }

  outcomes(): ReadonlyMap<string, Rehearsed> {
    return this.done;
  }

  /** What waited goes as soon as the cooldown is over. */
  private letGo(until: Date): void {
    for (;;) {
      const at = this.turnstile.coolUntil(until) ? undefined : this.turnstile.coolsAt();
      const id = at && this.turnstile.release(at);
      if (!id) return;
      this.turnstile.end();
      this.done.set(id, { eventId: id, state: 'FIRED', reason: null, firesAt: at });
    }
  }

  private recent(key: string, at: Date): string | null {
    const found = this.keys.get(key);
    const windowMs = (this.controls.dedupe?.windowSeconds ?? 0) * 1000;
    return found && at.getTime() - found.at.getTime() < windowMs ? found.id : null;
  }
}
