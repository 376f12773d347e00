import { Inject, Injectable } from '@nestjs/common';
import { authorize, Authenticator, checkedProject, type Ctx, memberOf } from '#access';
import { UnitOfWork } from '#database';
import { canonicalJson, DomainError, type Json } from '#kernel';
import type { LoggedEvent } from '#contracts';
import { EventLog } from '#messaging';
import type { TriggerEntity } from './automation.entities.js';
import { EventReading } from './event-reading.js';
import { FACTS_PORT, type FactsPort } from './facts.port.js';
import type { MetricValues } from './metric-windows.store.js';
import { causeOf } from './model/cause.js';
import { factsAsked } from './model/condition.js';
import { lookUp } from './model/evaluate-condition.js';
import type { Facts } from './model/facts.js';
import { WINDOW } from './model/metric-rules.js';
import { nextTime } from './model/schedule.js';
import { Rehearsal, type Rehearsed } from './model/rehearsal.js';
import { parseControls, parseFilter, readFilter, watchedMetrics, type Controls, type TriggerFilter } from './model/trigger.js';
import { TriggersStore } from './triggers.store.js';

/** Most past events that a dry run looks at. */
export const MAX_DRY_RUN = 1000;
const NEXT_TIMES = 5;

/** An existing trigger, or a definition. */
export interface DryRunInput {
  readonly triggerId?: string | null;
  readonly project?: string | null;
  readonly filter?: unknown;
  readonly concurrency?: unknown;
  readonly cooldownSeconds?: unknown;
  readonly dedupe?: unknown;
  readonly maxHops?: unknown;
  /** How many of the last events of its type; 1 to 1,000, 200 when absent. */
  readonly last?: number | null;
}

export interface DryRunOutcome extends Rehearsed {
  readonly subject: string;
  readonly time: Date;
  readonly facts: Facts;
}

export interface DryRun {
  /** How many events were looked at. */
  readonly looked: number;
  /** Those that it would have heard, oldest first. */
  readonly outcomes: readonly DryRunOutcome[];
  /** Of a schedule: its next times. */
  readonly nextTimes: readonly Date[];
  /** When facts of subjects were read, where the condition asks for any: when its event happened, they may have been others. */
  readonly factsAsOf: Date | null;
}

type Candidate = Pick<TriggerEntity, 'filter' | 'action' | 'ownerId'> & Controls;

/**
 * What a trigger would have done with the last events. Nothing is written and nothing is done; facts are those of now, and each execution is taken to end as
 * soon as it fires.
 */
@Injectable()
export class DryRunService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TriggersStore,
    private readonly log: EventLog,
    private readonly authenticator: Authenticator,
    @Inject(FACTS_PORT) private readonly facts: FactsPort,
  ) {}

  /** The caller sees only events that it may read, as the owner does. Throws NOT_FOUND, BAD_INPUT. */
  async run(ctx: Ctx, input: DryRunInput): Promise<DryRun> {
    const last = input.last ?? 200;
    if (!Number.isInteger(last) || last < 1 || last > MAX_DRY_RUN)
      throw new DomainError('BAD_INPUT', `last must be between 1 and ${MAX_DRY_RUN}`, 'last');
    const candidate = await this.candidate(ctx, input);
    const filter = readFilter(candidate.filter);
    if (filter.kind === 'schedule')
      return { looked: 0, outcomes: [], nextTimes: nextTimes(filter, ctx.clock.now()), factsAsOf: null };
    if (filter.kind === 'incoming')
      throw new DomainError('BAD_INPUT', 'filter: the log holds no messages from outside to run against', 'filter');
    const events = await this.log.newest(ctx.workspaceId, filter.event, last);
    const factsAsOf = factsAsked(filter.where).length > 0 ? ctx.clock.now() : null;
    return { looked: events.length, outcomes: await this.rehearse(ctx, candidate, events), nextTimes: [], factsAsOf };
  }

  private async candidate(ctx: Ctx, input: DryRunInput): Promise<Candidate> {
    const { triggerId } = input;
    if (triggerId) {
      const trigger = await this.unitOfWork.run({}, (tx) => this.store.find(tx, triggerId));
      if (!trigger || trigger.workspaceId !== ctx.workspaceId)
        throw new DomainError('NOT_FOUND', `there is no trigger ${triggerId}`, 'triggerId');
      authorize(ctx, 'automation.read', trigger.project);
      return trigger;
    }
    authorize(ctx, 'automation.read', checkedProject(input.project));
    const filter = parseFilter(input.filter);
    const { concurrency, cooldownSeconds, dedupe, maxHops } = input;
    const given = Object.entries({ concurrency, cooldownSeconds, dedupe, maxHops }).filter(([, value]) => value != null);
    const controls = parseControls(Object.fromEntries(given), filter);
    return { filter, action: { kind: 'evaluate_version' }, ownerId: memberOf(ctx) ?? '', ...controls };
  }

  private async rehearse(ctx: Ctx, candidate: Candidate, events: readonly LoggedEvent[]): Promise<DryRunOutcome[]> {
    const reading = new EventReading(this.facts, this.authenticator);
    const caller = { ...candidate, ownerId: memberOf(ctx) ?? '' };
    const rehearsal = new Rehearsal(candidate);
    const windows = new Windows(watchedMetrics(candidate.filter));
    const heard: { event: LoggedEvent; facts: Facts }[] = [];
    for (const event of events) {
      const metrics = windows.push(event);
      const facts = await reading.match(candidate, event, metrics);
      if (!facts || !(await reading.match(caller, event, metrics))) continue;
      heard.push({ event, facts });
      rehearsal.offer({ eventId: event.id, hops: event.hops, key: keyOf(candidate, event) }, event.time);
    }
    const outcomes = rehearsal.outcomes();
    return heard.map(({ event, facts }) => ({ ...outcomes.get(event.id)!, subject: event.subject, time: event.time, facts }));
  }
}

/** The values of metrics as the log tells them one after another. */
class Windows {
  private readonly values = new Map<string, number[]>();

  constructor(private readonly watched: readonly string[]) {}

  push(event: LoggedEvent): Map<string, MetricValues> {
    const found = new Map<string, MetricValues>();
    if (event.name !== 'run.metrics_logged') return found;
    const { runId, metrics } = event.data as LoggedEvent<'run.metrics_logged'>['data'];
    for (const name of this.watched) {
      const now = metrics[name];
      if (now === undefined) continue;
      const before = this.values.get(`${runId} ${name}`) ?? [];
      found.set(name, { now, before });
      this.values.set(`${runId} ${name}`, [...before, now].slice(-WINDOW));
    }
    return found;
  }
}

function keyOf({ dedupe }: Controls, event: LoggedEvent): string | null {
  const { data } = causeOf(event);
  return (
    dedupe && canonicalJson(dedupe.key.map((field) => (lookUp(data, field.slice('data.'.length).split('.')) ?? null) as Json))
  );
}

function nextTimes(filter: Extract<TriggerFilter, { kind: 'schedule' }>, from: Date): Date[] {
  const times: Date[] = [];
  for (let at = nextTime(filter, from); at && times.length < NEXT_TIMES; at = nextTime(filter, at)) times.push(at);
  return times;
}
