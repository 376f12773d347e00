import { memberOf, tokenOf, type Ctx } from './ctx.js';

/** What a row of the audit says, beside who did it. */
export interface AuditFacts {
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly outcome: 'done' | 'refused';
  readonly reason?: string;
  readonly count?: number;
  readonly before?: unknown;
  readonly after?: unknown;
}

const INSERT = `insert into audit_log (id, workspace_id, actor, member_id, token_id, address, action, subject_kind, subject_id, outcome, reason, count, before, after,
  correlation_id, causation_id, event_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`;

/** Id of the row of an event: the same under its own prefix, so that the chain finds it without an index. */
export function auditIdOf(eventId: string): string {
  return `aud_${eventId.slice(4)}`;
}

/** The statement that writes the row of an event, to be run just before the event's own. */
export function auditStatement(
  eventId: string,
  ctx: Ctx,
  facts: AuditFacts,
): { readonly sql: string; readonly params: readonly unknown[] } {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  const { action, subject, outcome, reason = null, count = 1 } = facts;
  const who = [auditIdOf(eventId), ctx.workspaceId, ctx.authId, memberOf(ctx), tokenOf(ctx), ctx.address];
  const what = [action, subject.kind, subject.id, outcome, reason, count, json(facts.before), json(facts.after)];
  return { sql: INSERT, params: [...who, ...what, ctx.correlationId, ctx.causationId, eventId] };
}
