import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  ExperimentEntity,
  MetricKeyEntity,
  MetricLatestEntity,
  MetricPointEntity,
  RunArtifactEntity,
  RunEntity,
  RunInputEntity,
  RunParamEntity,
  RunTagEntity,
} from './tracking.entities.js';
import { TrackingService } from './tracking.service.js';
import { TrackingStore } from './tracking.store.js';
import { TrackingView } from './tracking.view.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([
      ExperimentEntity,
      RunEntity,
      RunParamEntity,
      RunTagEntity,
      RunInputEntity,
      RunArtifactEntity,
      MetricKeyEntity,
      MetricPointEntity,
      MetricLatestEntity,
    ]),
  ],
  providers: [TrackingStore, TrackingService, TrackingView],
  exports: [TrackingService, TrackingView],
})
export class TrackingModule {}
