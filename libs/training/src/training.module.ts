import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AttemptsService } from './attempts.service.js';
import { JobsService } from './jobs.service.js';
import { TemplatesService } from './templates.service.js';
import { TemplateEntity, TrainingAttemptEntity, TrainingJobEntity } from './training.entities.js';
import { TRAINING_OPTIONS, type TrainingOptions } from './training.options.js';
import { TrainingStore } from './training.store.js';
import { TrainingView } from './training.view.js';

@Module({})
export class TrainingModule {
  /** `runBook` provides RUN_BOOK; `imports` bring what it and DatasetReads need. */
  static register(options: TrainingOptions, imports: (Type | DynamicModule)[], runBook: Provider): DynamicModule {
    const shared = [TemplatesService, JobsService, AttemptsService, TrainingView];
    return {
      module: TrainingModule,
      imports: [...imports, TypeOrmModule.forFeature([TemplateEntity, TrainingJobEntity, TrainingAttemptEntity])],
      providers: [{ provide: TRAINING_OPTIONS, useValue: options }, runBook, TrainingStore, ...shared],
      exports: shared,
    };
  }
}
