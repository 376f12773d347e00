import { Injectable } from '@nestjs/common';
import { systemClock, DomainError, newId, type Clock } from '#kernel';
import { UnitOfWork } from '#database';
import { incomingCause } from './model/cause.js';
import { holds } from './model/evaluate-condition.js';
import { verifySigned, type SignedHeaders } from './model/standard-webhooks.js';
import { readFilter } from './model/trigger.js';
import { TriggerGate } from './trigger-gate.js';
import { TriggersStore } from './triggers.store.js';

/** Largest body of a message. */
export const MAX_INCOMING_BYTES = 64 * 1024;

/** What became of a message. `matched` is false when the trigger's condition does not hold for it. */
export interface Received {
  readonly matched: boolean;
  readonly executionId?: string;
  readonly state?: string;
  /** A message with this id came before; nothing was fired by this one. */
  readonly duplicate?: boolean;
}

/** Messages from outside that fire a trigger, signed by its own secret (Standard Webhooks 1.0.0). */
@Injectable()
export class IncomingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TriggersStore,
    private readonly gate: TriggerGate,
  ) {}

  /**
   * Throws UNAUTHENTICATED for a message that is not signed rightly, is too old, or is for no such trigger: who has no secret does not learn which of them there
   * are. Throws BAD_INPUT for a body that is no JSON object, and CONFLICT while the trigger is paused. A message that comes again fires once.
   */
  async receive(triggerId: string, headers: SignedHeaders, body: Buffer, clock: Clock = systemClock): Promise<Received> {
    if (body.length > MAX_INCOMING_BYTES)
      throw new DomainError('BLOB_TOO_LARGE', `a message has at most ${MAX_INCOMING_BYTES} bytes`);
    return this.unitOfWork.run({}, async (tx) => {
      const trigger = await this.store.find(tx, triggerId);
      const filter = trigger && readFilter(trigger.filter);
      const secrets =
        filter?.kind === 'incoming' && !trigger!.deletedAt ? await this.store.secrets(tx, triggerId, 'incoming') : [];
      // Without a trigger it is checked as well, so that the time that it takes tells nothing.
      const messageId = verifySigned(headers, body, secrets.length > 0 ? secrets : ['whsec_AAAA'], clock.now());
      if (filter?.kind !== 'incoming' || secrets.length === 0)
        throw new DomainError('UNAUTHENTICATED', 'the signature is not right');
      const data = messageOf(body);
      if (!holds(filter.where, { data, facts: {} })) return { matched: false };
      const cause = incomingCause(triggerId, messageId, data, clock.now(), newId('event').slice(4));
      const [admitted] = await this.gate.admit(tx, [{ triggerId, cause, facts: null }]);
      if (!admitted) throw new DomainError('CONFLICT', 'the trigger is paused');
      const { executionId, state, duplicate } = admitted;
      return { matched: true, executionId, duplicate, ...(state ? { state } : {}) };
    });
  }
}

function messageOf(body: Buffer): Record<string, unknown> {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    throw new DomainError('BAD_INPUT', 'the body is no JSON', 'body');
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new DomainError('BAD_INPUT', 'the body must be a JSON object', 'body');
  return message as Record<string, unknown>;
}
