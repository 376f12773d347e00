import 'reflect-metadata';
import { bootRole } from '#host';
import { ExperimentTrackingRole } from './experiment-tracking.role.js';

await bootRole(ExperimentTrackingRole, { service: 'experiment-tracking' });
