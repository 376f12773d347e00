import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DatasetReadsModule } from '#reads/datasets';
import { TrackingReadsModule } from '#reads/tracking';
import { TrainingReadsModule } from '#reads/training';
import { AliasesService } from './aliases.service.js';
import { CheckSecretEntity } from './check-secrets.entities.js';
import { CheckSecretsService } from './check-secrets.service.js';
import { CheckSecretsStore } from './check-secrets.store.js';
import { DecisionsService } from './decisions.service.js';
import { FlowsService } from './flows.service.js';
import { FlowsStore } from './flows.store.js';
import { ModelEvaluationEntity } from './evaluations.entities.js';
import { EvaluationsService } from './evaluations.service.js';
import { HandsView } from './hands.view.js';
import { EvaluationsStore } from './evaluations.store.js';
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
import { RequestLife } from './request-life.js';
import { RequestsStore } from './requests.store.js';
import { ScansService } from './scans.service.js';
import { StageHistoryView } from './stage-history.view.js';
import { StageMoves } from './stage-moves.js';
import { StagesService } from './stages.service.js';
import { StaysStore } from './stays.store.js';
import { VersionSheets } from './version-sheets.js';
import { VersionSources } from './version-sources.js';
import { VersionsService } from './versions.service.js';

const MODELS = [ModelsService, ModelChangesService, VersionsService, AliasesService];
const STAGES = [
  StagesService,
  PromotionService,
  DecisionsService,
  FlowsService,
  ScansService,
  EvaluationsService,
  CheckSecretsService,
];
const STORES = [RegistryStore, LabelsStore, RequestsStore, StaysStore, FlowsStore, EvaluationsStore, CheckSecretsStore];
const STEPS = [HandsView, RegistryLocks, StageMoves, RequestLife, VersionSources];
const VIEWS = [RegistryView, StageHistoryView, VersionSheets, ModelSearch, VersionSearch];

@Module({
  imports: [
    TrackingReadsModule,
    TrainingReadsModule,
    DatasetReadsModule,
    TypeOrmModule.forFeature([...Object.values(entities), ModelEvaluationEntity, CheckSecretEntity]),
  ],
  providers: [...STORES, ...STEPS, ...MODELS, ...STAGES, ...VIEWS],
  exports: [...MODELS, ...STAGES, ...VIEWS],
})
export class RegistryModule {}
