import type { EventName } from '#contracts';
import type { Facts } from './model/facts.js';

export const FACTS_PORT = Symbol('FactsPort');

/** What is known of the subject of an event now, read from the domain that it belongs to; bound where the domains are put together. */
export interface FactsPort {
  /** Empty for a subject that is gone, or of which nothing is known. `project` is among them wherever the subject belongs to one. */
  of(workspaceId: string, event: { readonly name: EventName; readonly data: unknown }): Promise<Facts>;
}
