export { ACTION_PORT, type ActionPort } from './action.port.js';
export { AutomationModule } from './automation.module.js';
export { AutomationView, type ExecutionRow, type TriggerRow } from './automation.view.js';
export { type TriggerAction, type TriggerFilter } from './model/trigger.js';
export { TriggerMatcher } from './trigger-matcher.js';
export { TriggersService, type FiredTrigger, type TriggerInput } from './triggers.service.js';
