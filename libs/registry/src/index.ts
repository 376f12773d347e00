export { evaluateGate, measuredFigures, needsComparison, type GateEvidence } from './model/gates.js';
export { afterGates, stageFor, type RequestState } from './model/stage-rules.js';
export { ModelsService, type Candidate, type NewModel } from './models.service.js';
export { PromotionService } from './promotion.service.js';
export { RegistryModule } from './registry.module.js';
export { RegistryView, type ApprovalRow, type ModelRow, type ModelVersionRow, type StageRequestRow } from './registry.view.js';
