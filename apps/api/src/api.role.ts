import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { AuditController } from './access/audit.controller.js';
import { AttemptsController } from './attempts/attempts.controller.js';
import { IncomingController } from './automation/incoming.controller.js';
import { BlobsController } from './blobs/blobs.controller.js';
import { UploadsController } from './blobs/uploads.controller.js';
import { EventStream } from './events/event-stream.js';
import { EventsController } from './events/events.controller.js';
import { LiveLog } from './events/live-log.js';
import { SchemasController } from './events/schemas.controller.js';
import { GraphqlConfig } from './graphql/graphql.config.js';
import { RESOLVERS } from './graphql/resolvers.js';
import { GraphqlSupportModule } from './graphql/support.module.js';
import { AccessGuard } from './http/access.guard.js';
import { AccessProof } from './http/boot-proof.js';
import { EdgeHooks } from './http/edge-hooks.js';
import { EdgeExceptionFilter } from './http/exception.filter.js';
import { RefusalInterceptor } from './http/refusal.interceptor.js';
import { IdeController } from './ide/ide.controller.js';
import { LineageController } from './lineage/lineage.controller.js';
import { LineageEvents } from './lineage/lineage-events.js';
import { MlflowModule } from './mlflow/mlflow.module.js';
import { NodesController } from './nodes/nodes.controller.js';
import { ArtifactHeads } from './tracking/artifact-heads.js';
import { ArtifactsController } from './tracking/artifacts.controller.js';
import { HistoriesController } from './tracking/histories.controller.js';
import { LiveCurves } from './tracking/live-curves.js';
import { LiveReader } from './tracking/live-reader.js';
import { RunLists } from './tracking/run-lists.js';

/** The edge: GraphQL, uploads, attempts, inference nodes, the IDE. It decides nothing. */
@Module({
  imports: [
    DiscoveryModule,
    GraphqlSupportModule,
    MlflowModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [GraphqlSupportModule],
      useClass: GraphqlConfig,
    }),
  ],
  controllers: [
    AttemptsController,
    AuditController,
    BlobsController,
    UploadsController,
    HistoriesController,
    ArtifactsController,
    NodesController,
    IncomingController,
    EventsController,
    SchemasController,
    LineageController,
    IdeController,
  ],
  providers: [
    ...RESOLVERS,
    LiveCurves,
    LiveReader,
    ArtifactHeads,
    RunLists,
    LiveLog,
    EventStream,
    LineageEvents,
    AccessProof,
    EdgeHooks,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: RefusalInterceptor },
    { provide: APP_FILTER, useClass: EdgeExceptionFilter },
  ],
})
export class ApiRole {}
