import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { WebhookForm } from './model/webhook.js';

export type WebhookStatus = 'ACTIVE' | 'DISABLED';

@Entity('webhook')
@Check('webhook_form', "form in ('mlflow', 'cloudevents', 'openlineage')")
@Check('webhook_order_window', 'order_window_seconds between 0 and 86400')
@Index('webhook_workspace', ['workspaceId', 'id'])
export class WebhookEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
  @Column('text') url!: string;
  @Column('text', { default: '' }) description!: string;
  /** Key of the signatures; kept in clear, since it must sign, and read by senders only. */
  @Column('text', { nullable: true, select: false }) secret!: string | null;
  /** What its receiver knows it by, sent as Authorization; kept as the secret is. */
  @Column('text', { nullable: true, select: false }) bearer!: string | null;
  /** Names as MLflow has them, or types and patterns of ours. */
  @Column('jsonb') events!: string[];
  @Column('text', { default: 'ACTIVE' }) status!: WebhookStatus;
  /** How a delivery looks. */
  @Column('text', { default: 'mlflow' }) form!: WebhookForm;
  /** It hears of this subject only, `<kind>/<id>`. */
  @Column('text', { nullable: true }) subject!: string | null;
  /** It hears of subjects in this project and below only. */
  @Column('text', { nullable: true }) project!: string | null;
  /** How long events of a subject wait behind an earlier one that is not delivered yet. */
  @Column('int', { default: 60 }) orderWindowSeconds!: number;
  /** The secret before, which signs too until `previousUntil`. */
  @Column('text', { nullable: true, select: false }) previousSecret!: string | null;
  @Column('timestamptz', { nullable: true, select: false }) previousUntil!: Date | null;
  /** Since when nothing has reached it; null while deliveries do. */
  @Column('timestamptz', { nullable: true }) failingSince!: Date | null;
  @Column('timestamptz', { nullable: true, select: false }) failedAt!: Date | null;
  @Column('text') createdBy!: string;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) createdAt!: Date;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) updatedAt!: Date;
}

/** One event on its way to one webhook. `nextAt` is when it is due or, while a worker has it, when that worker's lease ends. */
@Entity('webhook_delivery')
@Index('webhook_delivery_event', ['webhookId', 'eventId', 'entity', 'action'], { unique: true })
@Index('webhook_delivery_next', ['webhookId', 'nextAt', 'id'], { where: "state = 'PENDING'" })
@Index('webhook_delivery_subject', ['webhookId', 'subject', 'sequence'], { where: "state = 'PENDING' and subject is not null" })
@Index('webhook_delivery_sequence', ['webhookId', 'sequence'])
@Index('webhook_delivery_replay', ['replayId'], { where: 'replay_id is not null' })
@Index('webhook_delivery_lease', ['webhookId', 'nextAt'], { where: 'lease is not null' })
@Index('webhook_delivery_done', ['doneAt'], { where: 'done_at is not null' })
export class WebhookDeliveryEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') webhookId!: string;
  @Column('text') eventId!: string;
  @Column('text') entity!: string;
  @Column('text') action!: string;
  /** The body, to the byte, of every attempt; null: made from the log, in our form each time, which comes to the same bytes, in OpenLineage's once. */
  @Column('text', { nullable: true }) payload!: string | null;
  /** Of the event; null where order does not matter. */
  @Column('text', { nullable: true }) subject!: string | null;
  @Column('bigint', { nullable: true }) sequence!: string | null;
  /** It waits behind an earlier one of its subject, until `nextAt` at the latest. */
  @Column('bool', { default: false }) held!: boolean;
  /** From here the three days of tries are counted. */
  @Column('timestamptz', { default: () => 'now()' }) triedSince!: Date;
  @Column('text', { nullable: true }) replayId!: string | null;
  @Column('text', { default: 'PENDING' }) state!: 'PENDING' | 'DELIVERED' | 'FAILED';
  @Column('int', { default: 0 }) attempts!: number;
  @Column('timestamptz', { default: () => 'now()' }) nextAt!: Date;
  @Column('text', { nullable: true }) lease!: string | null;
  @Column('int', { nullable: true }) lastStatus!: number | null;
  @Column('text', { nullable: true }) lastError!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) doneAt!: Date | null;
}

/** What came of one try; written once. */
@Entity('webhook_attempt')
export class WebhookAttemptEntity {
  @PrimaryColumn('text') deliveryId!: string;
  @PrimaryColumn('int') number!: number;
  @Column('timestamptz') at!: Date;
  @Column('int', { nullable: true }) status!: number | null;
  @Column('int') ms!: number;
  @Column('text', { nullable: true }) body!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
}

/** Deliveries that somebody asked to have again. */
@Entity('webhook_replay')
@Index('webhook_replay_webhook', ['webhookId', 'id'])
export class WebhookReplayEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') webhookId!: string;
  @Column('int') total!: number;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
