import type { Command } from '@oclif/core';
import { AuditExport } from './audit/export.js';
import { AuditHead } from './audit/head.js';
import { AuditList } from './audit/list.js';
import { AuditRetire } from './audit/retire.js';
import { AuditVerify } from './audit/verify.js';
import { Backup } from './backup.js';
import { DatasetCompare } from './dataset/compare.js';
import { DatasetList } from './dataset/list.js';
import { DatasetRetract } from './dataset/retract.js';
import { DatasetShow } from './dataset/show.js';
import { DatasetUpload } from './dataset/upload.js';
import { DeadList } from './dead/list.js';
import { DeadReplay } from './dead/replay.js';
import { Demo } from './demo.js';
import { Doctor } from './doctor.js';
import { EndpointCreate } from './endpoint/create.js';
import { EndpointList } from './endpoint/list.js';
import { EndpointDeploy, EndpointRollback } from './endpoint/rollout.js';
import { EndpointShow } from './endpoint/show.js';
import { EventsTail } from './events/tail.js';
import { Export } from './export.js';
import { FlowApply } from './flow/apply.js';
import { FlowList } from './flow/list.js';
import { FlowSecret } from './flow/secret.js';
import { FlowShow } from './flow/show.js';
import { FlowUse } from './flow/use.js';
import { ImportMlflow } from './import/mlflow.js';
import { LineageInvalid, LineageRetrain } from './lineage/affected.js';
import { LineageExport } from './lineage/export.js';
import { LineageImpact } from './lineage/impact.js';
import { LineagePath } from './lineage/path.js';
import { LineageRebuild } from './lineage/rebuild.js';
import { LineageShow } from './lineage/show.js';
import { Login } from './login.js';
import { MemberAdd } from './member/add.js';
import { MemberList } from './member/list.js';
import { MemberGrant, MemberRemove, MemberWithdraw } from './member/role.js';
import { ModelAliasRemove, ModelAliasSet } from './model/alias.js';
import { ModelApprove } from './model/approve.js';
import { ModelCard } from './model/card.js';
import { ModelCreate } from './model/create.js';
import { ModelDiff } from './model/diff.js';
import { ModelEvaluate } from './model/evaluate.js';
import { ModelForce } from './model/force.js';
import { ModelHistory } from './model/history.js';
import { ModelList } from './model/list.js';
import { ModelPromote } from './model/promote.js';
import { ModelReject } from './model/reject.js';
import { ModelShow } from './model/show.js';
import { ModelUpdate } from './model/update.js';
import { Predict } from './predict.js';
import { Reproduce } from './reproduce.js';
import { Restore } from './restore.js';
import { RunList } from './run/list.js';
import { RunShow } from './run/show.js';
import { RunWatch } from './run/watch.js';
import { Sync } from './sync.js';
import { TemplateApply } from './template/apply.js';
import { TemplateList } from './template/list.js';
import { TemplateShow } from './template/show.js';
import { TokenCreate } from './token/create.js';
import { TokenList } from './token/list.js';
import { TokenRevoke } from './token/revoke.js';
import { TrainCancel } from './train/cancel.js';
import { TrainList } from './train/list.js';
import { TrainStart } from './train/start.js';
import { TriggerCreate } from './trigger/create.js';
import { TriggerDelete } from './trigger/delete.js';
import { TriggerDryRun } from './trigger/dry-run.js';
import { TriggerExecutions } from './trigger/executions.js';
import { TriggerList } from './trigger/list.js';
import { TriggerReplay } from './trigger/replay.js';
import { TriggerRotate } from './trigger/rotate.js';
import { TriggerShow } from './trigger/show.js';
import { TriggerPause, TriggerResume, TriggerTakeOver } from './trigger/switch.js';
import { TriggerUpdate } from './trigger/update.js';
import { Up } from './up.js';
import { WebhookCreate } from './webhook/create.js';
import { WebhookDelete } from './webhook/delete.js';
import { WebhookDeliveries } from './webhook/deliveries.js';
import { WebhookList } from './webhook/list.js';
import { WebhookReplay } from './webhook/replay.js';
import { WebhookRotate } from './webhook/rotate.js';
import { WebhookShow } from './webhook/show.js';
import { WebhookDisable, WebhookEnable } from './webhook/switch.js';
import { WebhookTest } from './webhook/test.js';
import { WebhookUpdate } from './webhook/update.js';

/** Every command by its id, named here so that no folder is searched. What is heavy, a command imports when it runs. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  'audit:export': AuditExport,
  'audit:head': AuditHead,
  'audit:list': AuditList,
  'audit:retire': AuditRetire,
  'audit:verify': AuditVerify,
  backup: Backup,
  'dataset:compare': DatasetCompare,
  'dataset:list': DatasetList,
  'dataset:retract': DatasetRetract,
  'dataset:show': DatasetShow,
  'dataset:upload': DatasetUpload,
  'dead:list': DeadList,
  'dead:replay': DeadReplay,
  demo: Demo,
  doctor: Doctor,
  'endpoint:create': EndpointCreate,
  'endpoint:deploy': EndpointDeploy,
  'endpoint:list': EndpointList,
  'endpoint:rollback': EndpointRollback,
  'endpoint:show': EndpointShow,
  'events:tail': EventsTail,
  export: Export,
  'flow:apply': FlowApply,
  'flow:list': FlowList,
  'flow:secret': FlowSecret,
  'flow:show': FlowShow,
  'flow:use': FlowUse,
  'import:mlflow': ImportMlflow,
  lineage: LineageShow,
  'lineage:export': LineageExport,
  'lineage:impact': LineageImpact,
  'lineage:invalid': LineageInvalid,
  'lineage:path': LineagePath,
  'lineage:rebuild': LineageRebuild,
  'lineage:retrain': LineageRetrain,
  login: Login,
  'member:add': MemberAdd,
  'member:grant': MemberGrant,
  'member:list': MemberList,
  'member:remove': MemberRemove,
  'member:withdraw': MemberWithdraw,
  'model:alias:remove': ModelAliasRemove,
  'model:alias:set': ModelAliasSet,
  'model:approve': ModelApprove,
  'model:card': ModelCard,
  'model:create': ModelCreate,
  'model:diff': ModelDiff,
  'model:evaluate': ModelEvaluate,
  'model:force': ModelForce,
  'model:history': ModelHistory,
  'model:list': ModelList,
  'model:promote': ModelPromote,
  'model:reject': ModelReject,
  'model:show': ModelShow,
  'model:update': ModelUpdate,
  predict: Predict,
  reproduce: Reproduce,
  restore: Restore,
  'run:list': RunList,
  'run:show': RunShow,
  'run:watch': RunWatch,
  sync: Sync,
  'template:apply': TemplateApply,
  'template:list': TemplateList,
  'template:show': TemplateShow,
  'token:create': TokenCreate,
  'token:list': TokenList,
  'token:revoke': TokenRevoke,
  'train:cancel': TrainCancel,
  'train:list': TrainList,
  'train:start': TrainStart,
  'trigger:create': TriggerCreate,
  'trigger:delete': TriggerDelete,
  'trigger:dry-run': TriggerDryRun,
  'trigger:executions': TriggerExecutions,
  'trigger:list': TriggerList,
  'trigger:pause': TriggerPause,
  'trigger:replay': TriggerReplay,
  'trigger:resume': TriggerResume,
  'trigger:rotate': TriggerRotate,
  'trigger:show': TriggerShow,
  'trigger:take-over': TriggerTakeOver,
  'trigger:update': TriggerUpdate,
  up: Up,
  'webhook:create': WebhookCreate,
  'webhook:delete': WebhookDelete,
  'webhook:deliveries': WebhookDeliveries,
  'webhook:disable': WebhookDisable,
  'webhook:enable': WebhookEnable,
  'webhook:list': WebhookList,
  'webhook:replay': WebhookReplay,
  'webhook:rotate': WebhookRotate,
  'webhook:show': WebhookShow,
  'webhook:test': WebhookTest,
  'webhook:update': WebhookUpdate,
};

export const TOPICS = {
  audit: { description: 'Who did what, and the proof that nothing of it was changed.' },
  dataset: { description: 'Data sets and their versions.' },
  dead: { description: 'Deliveries that failed for the last time.' },
  endpoint: { description: 'Endpoints: what is served, and by which version.' },
  events: { description: 'The log of what happened.' },
  flow: { description: 'Stage flows, which say how versions of models get from stage to stage.' },
  import: { description: 'Copies from elsewhere.' },
  lineage: { description: 'What rests on what, and what must be done about it.' },
  member: { description: 'Members and their roles.' },
  model: { description: 'Models, versions and stages.' },
  run: { description: 'Runs of experiments.' },
  template: { description: 'Training templates.' },
  token: { description: 'Tokens.' },
  train: { description: 'Trainings.' },
  trigger: { description: 'Triggers and what they did.' },
  webhook: { description: 'Webhooks, and what became of the events on their way to them.' },
};
