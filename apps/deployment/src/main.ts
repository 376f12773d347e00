import 'reflect-metadata';
import { bootRole } from '#host';
import { DeploymentRole } from './deployment.role.js';

await bootRole(DeploymentRole, { service: 'deployment' });
