import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';
import { DatasetsService } from './datasets.service.js';
import { DatasetsStore } from './datasets.store.js';
import { DatasetsView } from './datasets.view.js';

@Module({
  imports: [TypeOrmModule.forFeature([DatasetEntity, DatasetVersionEntity])],
  providers: [DatasetsStore, DatasetsService, DatasetsView],
  exports: [DatasetsService, DatasetsView],
})
export class DatasetsModule {}
