import { Inject, Injectable } from '@nestjs/common';
import { Authenticator, createCtx, type Ctx } from '#access';
import { eventType, type EventName, type LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LogConsumer, LogConsumerHost } from '#messaging';
import type { TriggerEntity } from './automation.entities.js';
import { ExecutionsService } from './executions.service.js';
import { EventReading } from './event-reading.js';
import { FACTS_PORT, type FactsPort } from './facts.port.js';
import { MetricWindowsStore, type MetricValues } from './metric-windows.store.js';
import { causeOf } from './model/cause.js';
import { ENDINGS, endOf } from './model/endings.js';
import { watchedMetrics } from './model/trigger.js';
import { TriggerGate, type Admission } from './trigger-gate.js';
import { TriggersStore } from './triggers.store.js';

const STARTED = "coalesce(e.data ->> 'jobId', e.data ->> 'evaluationId')";

/**
 * Reads the log and writes down, in the transaction of its cursor, which triggers each event fires; and ends executions with what they have started. Facts
 * of the subject are asked for only where a condition, or the rights of the owner, need them.
 */
@Injectable()
export class TriggerMatcher extends LogConsumer {
  protected readonly consumer = 'trigger-matcher';
  protected override readonly concerns = `exists (select 1 from trigger t
      where t.workspace_id = e.workspace_id and t.event_type = e.type and t.enabled and t.deleted_at is null)
    or e.type in (${ENDINGS.map((name) => `'${eventType(name)}'`).join()})
      and exists (select 1 from trigger_execution x where x.state = 'RUNNING' and x.started_id = ${STARTED})`;

  constructor(
    host: LogConsumerHost,
    private readonly triggers: TriggersStore,
    private readonly executions: ExecutionsService,
    private readonly gate: TriggerGate,
    private readonly windows: MetricWindowsStore,
    private readonly authenticator: Authenticator,
    @Inject(FACTS_PORT) private readonly facts: FactsPort,
  ) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    for (const event of events) {
      const ending = endOf(event);
      if (ending) await this.executions.endedIn(tx, ending.startedId, ending, reactionTo(event));
    }
    const workspaceIds = [...new Set(events.map((event) => event.workspaceId))];
    const types = [...new Set(events.map((event) => eventType(event.name)))];
    const triggers = Map.groupBy(await this.triggers.listening(tx, workspaceIds, types), (trigger) =>
      key(trigger.workspaceId, trigger.eventType!),
    );
    const reading = new EventReading(this.facts, this.authenticator, true);
    const admissions: Admission[] = [];
    for (const event of events) {
      const listening = triggers.get(key(event.workspaceId, eventType(event.name))) ?? [];
      admissions.push(...(await this.matching(tx, reading, event, listening)));
    }
    await this.gate.admit(tx, admissions);
  }

  private async matching(
    tx: Tx,
    reading: EventReading,
    event: LoggedEvent,
    triggers: readonly TriggerEntity[],
  ): Promise<Admission[]> {
    const heard = triggers.filter((trigger) => event.time >= trigger.createdAt && !isEcho(event, trigger));
    if (heard.length === 0) return [];
    const metrics = await this.metricsOf(tx, event, heard);
    const admissions: Admission[] = [];
    for (const trigger of heard) {
      const facts = await reading.match(trigger, event, metrics);
      if (facts)
        admissions.push({ triggerId: trigger.id, cause: causeOf(event), facts: Object.keys(facts).length > 0 ? facts : null });
    }
    return admissions;
  }

  /** Windows of the metrics that some of the triggers watch. */
  private async metricsOf(
    tx: Tx,
    event: LoggedEvent,
    triggers: readonly TriggerEntity[],
  ): Promise<ReadonlyMap<string, MetricValues>> {
    if (event.name !== 'run.metrics_logged') return new Map();
    const { runId, metrics } = event.data as LoggedEvent<'run.metrics_logged'>['data'];
    const watched = new Set(triggers.flatMap(({ filter }) => watchedMetrics(filter)));
    const values = Object.fromEntries(Object.entries(metrics).filter(([name]) => watched.has(name)));
    return this.windows.push(tx, runId, event.sequence!, values);
  }
}

/** What triggers say of themselves past the end of a chain is passed over without a word: else a word about it would be the next. */
function isEcho(event: LoggedEvent, { maxHops }: TriggerEntity): boolean {
  return event.name.startsWith('trigger.') && event.hops >= maxHops;
}

function reactionTo(event: LoggedEvent<EventName>): Ctx {
  return createCtx(
    event.workspaceId,
    { kind: 'system', name: 'triggers' },
    { correlationId: event.correlationId, causationId: event.id, hops: event.hops + 1 },
  );
}

const key = (workspaceId: string, type: string): string => `${workspaceId} ${type}`;
