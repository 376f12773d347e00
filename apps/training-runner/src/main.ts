import 'reflect-metadata';
import { bootRole } from '#host';
import { TrainingRunnerRole } from './training-runner.role.js';

await bootRole(TrainingRunnerRole, { service: 'training-runner' });
