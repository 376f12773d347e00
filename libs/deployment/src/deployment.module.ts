import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegistryReadsModule } from '#reads/registry';
import { EndpointEntity, RevisionEntity } from './deployment.entities.js';
import { DeploymentService } from './deployment.service.js';
import { DeploymentStore } from './deployment.store.js';
import { DeploymentView } from './deployment.view.js';
import { Revisions } from './revisions.js';
import { RolloutsService } from './rollouts.service.js';
import { RevisionTrafficEntity } from './traffic.entities.js';
import { TrafficService } from './traffic.service.js';
import { TrafficStore } from './traffic.store.js';
import { TrafficView } from './traffic.view.js';

const SHARED = [DeploymentService, RolloutsService, DeploymentView, TrafficService, TrafficView];

@Module({
  imports: [RegistryReadsModule, TypeOrmModule.forFeature([EndpointEntity, RevisionEntity, RevisionTrafficEntity])],
  providers: [DeploymentStore, Revisions, TrafficStore, ...SHARED],
  exports: SHARED,
})
export class DeploymentModule {}
