import 'reflect-metadata';
import { bootRole } from '#host';
import { DatasetRegistryRole } from './dataset-registry.role.js';

await bootRole(DatasetRegistryRole, { service: 'dataset-registry' });
