import { Module } from '@nestjs/common';
import { GraphqlSupportModule } from '../graphql/support.module.js';
import { MLFLOW_ROUTES, MlflowEdge } from './mlflow.edge.js';
import { ArtifactRoutes } from './routes/artifacts.routes.js';
import { DirectArtifactRoutes } from './routes/direct-artifacts.routes.js';
import { ExperimentNumbers } from './routes/experiment-numbers.js';
import { ExperimentRoutes } from './routes/experiments.routes.js';
import { InfoRoutes } from './routes/info.routes.js';
import { LoggedModelRoutes } from './routes/logged-models.routes.js';
import { LoggingRoutes } from './routes/logging.routes.js';
import { MetricRoutes } from './routes/metrics.routes.js';
import { ModelVersionRoutes } from './routes/model-versions.routes.js';
import { RegisteredModelRoutes } from './routes/registry.routes.js';
import { RunRoutes } from './routes/runs.routes.js';
import { WebhookRoutes } from './routes/webhooks.routes.js';
import type { Route } from './wire/route.js';

/** Groups of routes; each has them as `routes`. */
const GROUPS = [
  ExperimentRoutes,
  RunRoutes,
  LoggingRoutes,
  MetricRoutes,
  ArtifactRoutes,
  DirectArtifactRoutes,
  LoggedModelRoutes,
  RegisteredModelRoutes,
  ModelVersionRoutes,
  WebhookRoutes,
  InfoRoutes,
];

/** MLflow's REST API: an edge over the same use cases as GraphQL. */
@Module({
  imports: [GraphqlSupportModule],
  providers: [
    ExperimentNumbers,
    ...GROUPS,
    {
      provide: MLFLOW_ROUTES,
      useFactory: (...groups: { readonly routes: readonly Route[] }[]) => groups.flatMap((group) => group.routes),
      inject: GROUPS,
    },
    MlflowEdge,
  ],
})
export class MlflowModule {}
