import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegistryReadsModule } from '#reads/registry';
import { EndpointEntity, RevisionEntity } from './deployment.entities.js';
import { DeploymentService } from './deployment.service.js';
import { DeploymentStore } from './deployment.store.js';
import { DeploymentView } from './deployment.view.js';

@Module({
  imports: [RegistryReadsModule, TypeOrmModule.forFeature([EndpointEntity, RevisionEntity])],
  providers: [DeploymentStore, DeploymentService, DeploymentView],
  exports: [DeploymentService, DeploymentView],
})
export class DeploymentModule {}
