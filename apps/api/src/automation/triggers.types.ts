import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { CONCURRENCIES, EXECUTION_STATES, type Concurrency, type ExecutionState } from '#automation';
import { Connection, Node, PageInput } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';

export const ExecutionStateEnum = Object.fromEntries(EXECUTION_STATES.map((state) => [state, state])) as Record<
  string,
  ExecutionState
>;
registerEnumType(ExecutionStateEnum, {
  name: 'TriggerExecutionState',
  description:
    'WAITING: held back by the cooldown or by another that goes on. FIRED: about to act. RUNNING: it acted, and what it started goes on. SKIPPED: the reason says why.',
});

export const ConcurrencyEnum = Object.fromEntries(CONCURRENCIES.map((one) => [one.toUpperCase(), one])) as Record<
  string,
  Concurrency
>;
registerEnumType(ConcurrencyEnum, {
  name: 'TriggerConcurrency',
  description:
    'While one execution goes on, or cools down: NEWEST: the newest waits, in the place of what waited; QUEUE: all wait in order, up to 1,000; SKIP: none waits.',
});

@ObjectType({ description: 'Causes that agree in these fields of their data are one, for so long.' })
export class TriggerDedupe {
  @Field(() => Int) windowSeconds!: number;
  @Field(() => [String], { description: 'As data.versionId.' }) key!: string[];
}

@InputType()
export class TriggerDedupeInput {
  @Field(() => Int) windowSeconds!: number;
  @Field(() => [String], { description: '1 to 10 fields of the payload, as data.versionId.' }) key!: string[];
}

@ObjectType('Trigger', { implements: () => Node })
export class TriggerType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field(() => JsonScalar, {
    description: '{kind: "event", event, where}, {kind: "schedule", cron, timeZone, catchUp} or {kind: "incoming", where}.',
  })
  filter!: unknown;
  @Field(() => JsonScalar, { description: 'Of an address only its origin is told, as `to`.' }) action!: unknown;
  @Field({ description: 'false while it is paused.' }) enabled!: boolean;
  @Field(() => ConcurrencyEnum) concurrency!: Concurrency;
  @Field(() => Int, { description: 'The least time between two firings.' }) cooldownSeconds!: number;
  @Field(() => TriggerDedupe, { nullable: true }) dedupe?: TriggerDedupe | null;
  @Field(() => Int, { description: 'A chain of causes that is as long as this fires it no more.' }) maxHops!: number;
  @Field(() => Date, { nullable: true }) lastFiredAt?: Date | null;
  @Field(() => Date, { nullable: true, description: 'Of a schedule: its next time.' }) nextFireAt?: Date | null;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
  @Field(() => Date, { nullable: true, description: 'It is gone; its executions stay readable.' }) deletedAt?: Date | null;
}
export const TriggerConnection = Connection(TriggerType, 'Trigger');

@ObjectType('TriggerExecution', { implements: () => Node, description: 'One cause that a trigger heard, and what became of it.' })
export class TriggerExecutionType extends Node {
  @Field(() => ID, { description: 'The event, or schedule/<time>, or incoming/<webhook-id>.' }) eventId!: string;
  @Field(() => ExecutionStateEnum) state!: ExecutionState;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Ids of what it made.' }) outcome?: unknown;
  @Field(() => Int, { description: 'Tries of a call to the outside.' }) tries!: number;
  @Field() at!: Date;
  @Field(() => Date, { nullable: true }) firedAt?: Date | null;
  @Field(() => Date, { nullable: true, description: 'When its action was done.' }) actedAt?: Date | null;
  @Field(() => Date, { nullable: true, description: 'When it ended, with what it had started.' }) endedAt?: Date | null;
}
export const TriggerExecutionConnection = Connection(TriggerExecutionType, 'TriggerExecution');

@ArgsType()
export class TriggersArgs extends PageInput {
  @Field(() => String, { nullable: true, description: 'The one of this name.' }) name?: string | null;
}

@ArgsType()
export class ExecutionsArgs extends PageInput {
  @Field(() => [ExecutionStateEnum], { nullable: true, description: 'Those in one of these states.' }) state?:
    ExecutionState[] | null;
}

const FILTER =
  '{"kind": "event", "event": "dataset_version.validated", "where": {"field": "data.datasetId", "op": "eq", "value": "dst_…"}}, {"kind": "schedule", "cron": "0 3 * * *", "timeZone": "Europe/Berlin"} or {"kind": "incoming"}';
const ACTION =
  '{"kind": "start_training", "templateId": "tpl_…"}, or evaluate_version, request_stage, deploy, roll_back, call_webhook, notify_chat; see docs/graphql.md.';

@InputType()
export class CreateTriggerInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field(() => JsonScalar, { description: FILTER }) filter!: unknown;
  @Field(() => JsonScalar, { description: ACTION }) action!: unknown;
  @Field(() => ConcurrencyEnum, { nullable: true, description: 'QUEUE when absent.' }) concurrency?: Concurrency | null;
  @Field(() => Int, { nullable: true }) cooldownSeconds?: number | null;
  @Field(() => TriggerDedupeInput, { nullable: true, description: 'When absent, an event fires once.' })
  dedupe?: TriggerDedupeInput | null;
  @Field(() => Int, { nullable: true, description: '1 to 8; 8 when absent.' }) maxHops?: number | null;
}

@InputType({ description: 'What is given changes; the rest stays.' })
export class UpdateTriggerInput {
  @Field(() => ID) triggerId!: string;
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true }) project?: string | null;
  @Field(() => JsonScalar, { nullable: true }) filter?: unknown;
  @Field(() => JsonScalar, { nullable: true, description: 'An action of the same kind without a url keeps the one that it has.' })
  action?: unknown;
  @Field(() => ConcurrencyEnum, { nullable: true }) concurrency?: Concurrency | null;
  @Field(() => Int, { nullable: true }) cooldownSeconds?: number | null;
  @Field(() => TriggerDedupeInput, { nullable: true, description: 'null takes it away.' }) dedupe?: TriggerDedupeInput | null;
  @Field(() => Int, { nullable: true }) maxHops?: number | null;
}

export enum SecretKindEnum {
  INCOMING = 'incoming',
  SIGNING = 'signing',
}
registerEnumType(SecretKindEnum, {
  name: 'TriggerSecretKind',
  description: 'INCOMING: by which who sends to it signs. SIGNING: by which it signs what it sends.',
});

@InputType()
export class RotateTriggerSecretInput {
  @Field(() => ID) triggerId!: string;
  @Field(() => SecretKindEnum) kind!: SecretKindEnum;
  @Field(() => Int, { nullable: true, description: 'How long the one before is good beside it; 0 to 168, 24 when absent.' })
  graceHours?: number | null;
}

@ObjectType()
export class TriggerPayload extends Payload {
  @Field(() => TriggerType, { nullable: true }) trigger?: TriggerType;
  @Field(() => String, { nullable: true, description: 'Made now and told once: who sends to its incoming webhook signs by it.' })
  incomingSecret?: string;
  @Field(() => String, { nullable: true, description: 'Made now and told once: the calls of call_webhook are signed by it.' })
  signingSecret?: string;
}

@ObjectType()
export class TriggerExecutionPayload extends Payload {
  @Field(() => TriggerExecutionType, { nullable: true }) execution?: TriggerExecutionType;
}

@InputType({ description: 'A trigger that there is, or a definition.' })
export class DryRunTriggerInput {
  @Field(() => ID, { nullable: true }) triggerId?: string | null;
  @Field(() => String, { nullable: true }) project?: string | null;
  @Field(() => JsonScalar, { nullable: true }) filter?: unknown;
  @Field(() => ConcurrencyEnum, { nullable: true }) concurrency?: Concurrency | null;
  @Field(() => Int, { nullable: true }) cooldownSeconds?: number | null;
  @Field(() => TriggerDedupeInput, { nullable: true }) dedupe?: TriggerDedupeInput | null;
  @Field(() => Int, { nullable: true }) maxHops?: number | null;
  @Field(() => Int, { nullable: true, description: 'How many of the last events of its type; 1 to 1,000, 200 when absent.' })
  last?: number | null;
}

@ObjectType({ description: 'What a trigger would have done with an event.' })
export class DryRunOutcomeType {
  @Field(() => ID) eventId!: string;
  @Field() subject!: string;
  @Field() time!: Date;
  @Field(() => ExecutionStateEnum, { description: 'FIRED, WAITING or SKIPPED.' }) state!: ExecutionState;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field(() => Date, { nullable: true, description: 'With its event, or when the cooldown was over.' }) firesAt?: Date | null;
  @Field(() => JsonScalar, { description: 'What the condition asked of the subject, as it is now.' }) facts!: unknown;
}

@ObjectType({ description: 'Nothing was written and nothing was done; each execution is taken to end as soon as it fires.' })
export class TriggerDryRun {
  @Field(() => Int, { description: 'Events that were looked at.' }) looked!: number;
  @Field(() => [DryRunOutcomeType], { description: 'Of those that it heard, oldest first.' }) outcomes!: DryRunOutcomeType[];
  @Field(() => [Date], { description: 'Of a schedule: its next times.' }) nextTimes!: Date[];
  @Field(() => Date, {
    nullable: true,
    description:
      'Where the condition asks for facts of subjects: the time as of which they were read. They are those of now, and not of when the events happened, so that what was found out later may let it fire here and not there.',
  })
  factsAsOf?: Date | null;
}
