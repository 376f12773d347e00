import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatasetComparisonEntity, DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';
import { DatasetsService } from './datasets.service.js';
import { DatasetsStore } from './datasets.store.js';
import { DatasetsView } from './datasets.view.js';
import { DriftService } from './drift.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([DatasetEntity, DatasetVersionEntity, DatasetComparisonEntity])],
  providers: [DatasetsStore, DatasetsService, DriftService, DatasetsView],
  exports: [DatasetsService, DriftService, DatasetsView],
})
export class DatasetsModule {}
