import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { MlflowEvent } from './model/mlflow-events.js';

export type WebhookStatus = 'ACTIVE' | 'DISABLED';

@Entity('webhook')
@Index('webhook_workspace', ['workspaceId', 'id'])
export class WebhookEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
  @Column('text') url!: string;
  @Column('text', { default: '' }) description!: string;
  /** Key of the signatures; kept in clear, since it must sign, and read by senders only. */
  @Column('text', { nullable: true, select: false }) secret!: string | null;
  @Column('jsonb') events!: MlflowEvent[];
  @Column('text', { default: 'ACTIVE' }) status!: WebhookStatus;
  /** How a delivery looks: as MLflow's. */
  @Column('text', { default: 'mlflow' }) form!: 'mlflow';
  @Column('text') createdBy!: string;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) createdAt!: Date;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) updatedAt!: Date;
}

/** One event on its way to one webhook. `nextAt` is when it is due or, while a worker has it, when that worker's lease ends. */
@Entity('webhook_delivery')
@Index('webhook_delivery_event', ['webhookId', 'eventId', 'entity', 'action'], { unique: true })
@Index('webhook_delivery_due', ['webhookId', 'nextAt'], { where: "state = 'PENDING'" })
@Index('webhook_delivery_lease', ['webhookId'], { where: 'lease is not null' })
@Index('webhook_delivery_done', ['doneAt'], { where: 'done_at is not null' })
export class WebhookDeliveryEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') webhookId!: string;
  @Column('text') eventId!: string;
  @Column('text') entity!: string;
  @Column('text') action!: string;
  /** The body, to the byte, of every attempt. */
  @Column('text') payload!: string;
  @Column('text', { default: 'PENDING' }) state!: 'PENDING' | 'DELIVERED' | 'FAILED';
  @Column('int', { default: 0 }) attempts!: number;
  @Column('timestamptz', { default: () => 'now()' }) nextAt!: Date;
  @Column('text', { nullable: true }) lease!: string | null;
  @Column('int', { nullable: true }) lastStatus!: number | null;
  @Column('text', { nullable: true }) lastError!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) doneAt!: Date | null;
}
