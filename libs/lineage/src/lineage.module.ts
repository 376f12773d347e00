import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LineageEdgeEntity, LineageNodeEntity } from './lineage.entities.js';
import { LineageView } from './lineage.view.js';

@Module({
  imports: [TypeOrmModule.forFeature([LineageNodeEntity, LineageEdgeEntity])],
  providers: [LineageView],
  exports: [LineageView],
})
export class LineageModule {}
