export { DeploymentModule } from './deployment.module.js';
export { DeploymentService } from './deployment.service.js';
export { TrafficService } from './traffic.service.js';
export { TrafficView, type VersionTraffic } from './traffic.view.js';
export { DeploymentView, type EndpointRow, type RevisionRow } from './deployment.view.js';
export { RolloutsService, type Rollout } from './rollouts.service.js';
export { type RevisionState } from './deployment.entities.js';
