import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ModelsService } from './models.service.js';
import { PromotionService } from './promotion.service.js';
import { ApprovalEntity, ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';
import { RegistryStore } from './registry.store.js';
import { RegistryView } from './registry.view.js';

@Module({
  imports: [TypeOrmModule.forFeature([ModelEntity, ModelVersionEntity, StageRequestEntity, ApprovalEntity])],
  providers: [RegistryStore, ModelsService, PromotionService, RegistryView],
  exports: [ModelsService, PromotionService, RegistryView],
})
export class RegistryModule {}
