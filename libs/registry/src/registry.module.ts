import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TrackingReadsModule } from '#reads/tracking';
import { AliasesService } from './aliases.service.js';
import { LabelsStore } from './labels.store.js';
import { ModelChangesService } from './model-changes.service.js';
import { ModelsService } from './models.service.js';
import { PromotionService } from './promotion.service.js';
import * as entities from './registry.entities.js';
import { RegistryLocks } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { RegistryView } from './registry.view.js';
import { ModelSearch } from './search/model-search.view.js';
import { VersionSearch } from './search/version-search.view.js';
import { StageMoves } from './stage-moves.js';
import { StagesService } from './stages.service.js';
import { VersionSources } from './version-sources.js';
import { VersionsService } from './versions.service.js';

const SERVICES = [ModelsService, ModelChangesService, VersionsService, AliasesService, StagesService, PromotionService];
const VIEWS = [RegistryView, ModelSearch, VersionSearch];

@Module({
  imports: [TrackingReadsModule, TypeOrmModule.forFeature(Object.values(entities))],
  providers: [RegistryStore, LabelsStore, RegistryLocks, StageMoves, VersionSources, ...SERVICES, ...VIEWS],
  exports: [...SERVICES, ...VIEWS],
})
export class RegistryModule {}
