import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AttemptsService } from './attempts.service.js';
import { JobsService } from './jobs.service.js';
import { TemplatesService } from './templates.service.js';
import { JobQueue } from './job-queue.js';
import { ReproductionsService } from './reproductions.service.js';
import { ReproductionEntity, TemplateEntity, TrainingAttemptEntity, TrainingJobEntity } from './training.entities.js';
import { TRAINING_OPTIONS, type TrainingOptions } from './training.options.js';
import { TrainingStore } from './training.store.js';
import { TrainingView } from './training.view.js';

@Module({})
export class TrainingModule {
  /** `runBook` provides RUN_BOOK; `imports` bring what it needs, and the reads of data sets and of tracking. */
  static register(options: TrainingOptions, imports: (Type | DynamicModule)[], runBook: Provider): DynamicModule {
    const shared = [TemplatesService, JobsService, AttemptsService, ReproductionsService, TrainingView];
    return {
      module: TrainingModule,
      imports: [
        ...imports,
        TypeOrmModule.forFeature([TemplateEntity, TrainingJobEntity, TrainingAttemptEntity, ReproductionEntity]),
      ],
      providers: [{ provide: TRAINING_OPTIONS, useValue: options }, runBook, TrainingStore, JobQueue, ...shared],
      exports: shared,
    };
  }
}
