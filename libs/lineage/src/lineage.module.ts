import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { GraphStore } from './graph.store.js';
import { GraphView } from './graph.view.js';
import { LineageEdgeEntity, LineageNodeEntity } from './lineage.entities.js';
import { LineageView } from './lineage.view.js';
import { ExportView } from './openlineage/export.view.js';
import { RebuildService } from './rebuild.service.js';
import { RebuildStore } from './rebuild.store.js';
import { QuestionsView } from './questions.view.js';

@Module({
  imports: [TypeOrmModule.forFeature([LineageNodeEntity, LineageEdgeEntity])],
  providers: [GraphStore, RebuildStore, RebuildService, GraphView, LineageView, QuestionsView, ExportView],
  exports: [GraphStore, RebuildService, LineageView, QuestionsView, ExportView],
})
export class LineageModule {}
