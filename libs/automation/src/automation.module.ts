import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ExecutionEntity, TriggerEntity } from './automation.entities.js';
import { AutomationView } from './automation.view.js';
import { TriggersService } from './triggers.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([TriggerEntity, ExecutionEntity])],
  providers: [TriggersService, AutomationView],
  exports: [TriggersService, AutomationView],
})
export class AutomationModule {}
