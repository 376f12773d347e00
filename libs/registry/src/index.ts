export { AliasesService } from './aliases.service.js';
export { ModelChangesService, type ModelPatch } from './model-changes.service.js';
export { EvaluationsService } from './evaluations.service.js';
export { CheckSecretsService } from './check-secrets.service.js';
export { DecisionsService, type Decision } from './decisions.service.js';
export { FlowsService, type FlowChoice } from './flows.service.js';
export { fingerprintOf, flowOf, type FrozenEvidence } from './model/evidence.js';
export { onnxFile } from './model/foreign.js';
export { measuredFigures } from './model/figures.js';
export { bootstrapsOf, evaluateGate, needsChampion, needsLogged, type CheckAnswer, type GateEvidence } from './model/gates.js';
export { checkOpenName, PROMPT_TAG, saysPrompt } from './model/labels.js';
export { mlflowStageFlow, type RequestState } from './model/stage-rules.js';
export { type TagPatch } from './model/tag-patch.js';
export { ModelsService, type Candidate, type NameRule, type NewModel } from './models.service.js';
export { PromotionService } from './promotion.service.js';
export { type Verdict } from './request-life.js';
export { type ModelRef, type VersionRef } from './registry.locks.js';
export { RegistryModule } from './registry.module.js';
export {
  RegistryView,
  type ApprovalRow,
  type EvaluationRow,
  type ModelAliasRow,
  type ModelRow,
  type ModelTagRow,
  type ModelVersionRow,
  type StageRequestRow,
  type VersionTagRow,
} from './registry.view.js';
export { ModelSearch, type FoundModel, type ModelCondition, type ModelQuery } from './search/model-search.view.js';
export { VersionSearch, type FoundVersion, type VersionCondition, type VersionQuery } from './search/version-search.view.js';
export { ScansService } from './scans.service.js';
export { StageHistoryView, type StageFlowRow, type StageStayRow } from './stage-history.view.js';
export { StagesService } from './stages.service.js';
export { type CardSections } from './model/card.js';
export { type VersionDiff } from './model/version-diff.js';
export { VersionSheets } from './version-sheets.js';
export { VersionsService, type NewVersion, type VersionPatch } from './versions.service.js';
