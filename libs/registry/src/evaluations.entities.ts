import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EvaluationData } from '#contracts';

export type EvaluationState = 'REQUESTED' | 'DONE' | 'FAILED';

/** A version measured on its own files. */
@Entity('model_evaluation')
@Index('model_evaluation_version', ['versionId', 'id'])
export class ModelEvaluationEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('text') versionId!: string;
  @Column('text', { default: 'REQUESTED' }) state!: EvaluationState;
  /** On what it is measured, where the platform did not train it. */
  @Column('jsonb', { nullable: true }) data!: EvaluationData | null;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text') requestedBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}
