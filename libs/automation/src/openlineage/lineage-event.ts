import { eventType, type EventName, type LoggedEvent, type OpenLineageEvent } from '#contracts';
import { DomainError } from '#kernel';
import { hears } from '../model/event-patterns.js';
import { DATA_RULES } from './data.rules.js';
import { JOB_RULES } from './job.rules.js';
import type { LineageKit, LineageRules } from './lineage-kit.js';
import { MODEL_RULES } from './model.rules.js';
import { RUN_RULES } from './run.rules.js';

/** One event of OpenLineage for each of ours that means something there. */
const RULES: LineageRules = { ...DATA_RULES, ...RUN_RULES, ...MODEL_RULES, ...JOB_RULES };

export const LINEAGE_NAMES = Object.keys(RULES) as EventName[];
/** Types of events that webhooks in the form of OpenLineage may hear of. */
export const LINEAGE_TYPES: readonly string[] = LINEAGE_NAMES.map(eventType);

export function isLineage(name: EventName): boolean {
  return name in RULES;
}

/** What a delivery waits for earlier ones of: events of several of our subjects tell of one run of OpenLineage, which starts before it ends. */
export function lineageSubject({ name, subject, data }: Pick<LoggedEvent, 'name' | 'subject' | 'data'>): string {
  const { runId, requestId } = data as { runId?: string | null; requestId?: string | null };
  if (requestId) return `stage_request/${requestId}`;
  return name.startsWith('training_job.') && runId ? `run/${runId}` : subject;
}

/** The event in OpenLineage's words; undefined when what it tells of is gone for good. */
export function lineageEvent(
  kit: LineageKit,
  event: { readonly name: EventName; readonly data: unknown },
): Promise<OpenLineageEvent | undefined> {
  const rule = RULES[event.name] as ((kit: LineageKit, data: unknown) => Promise<OpenLineageEvent | undefined>) | undefined;
  return rule ? rule(kit, event.data) : Promise.resolve(undefined);
}

/** Throws BAD_INPUT naming a pattern that stands for no event which OpenLineage has words for. */
export function checkLineageTypes(types: readonly string[]): void {
  const silent = types.find((type) => !LINEAGE_NAMES.some((name) => hears([type], name)));
  if (silent !== undefined)
    throw new DomainError(
      'BAD_INPUT',
      `OpenLineage has no words for ${silent}; a webhook of the form OPENLINEAGE may hear of ${LINEAGE_NAMES.join(', ')}, of patterns for some of them, and of *`,
      'types',
    );
}
