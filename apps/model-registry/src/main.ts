import 'reflect-metadata';
import { bootRole } from '#host';
import { ModelRegistryRole } from './model-registry.role.js';

await bootRole(ModelRegistryRole, { service: 'model-registry' });
