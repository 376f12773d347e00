import 'reflect-metadata';
import { bootRole } from '#host';
import { AutomationRole } from './automation.role.js';

await bootRole(AutomationRole, { service: 'automation' });
