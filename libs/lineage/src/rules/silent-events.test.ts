import { expect, it } from 'vitest';
import { EVENT_NAMES } from '#contracts';
import { DRAWN_NAMES } from './graph-of-event.js';

/** Events that say nothing of the graph, each group with why. */
const SILENT: Readonly<Record<string, readonly string[]>> = {
  'people, tokens and machines are no nodes': [
    'workspace.created',
    'member.created',
    'member.role_granted',
    'member.role_withdrawn',
    'member.removed',
    'token.created',
    'token.deleted',
    'runner.online',
    'runner.lost',
  ],
  'the audit has its own chain': ['access.refused', 'audit.read', 'audit.exported', 'audit.retired'],
  'about the graph itself': ['lineage.rebuilt', 'lineage.exported'],
  'a comparison of data changes neither side': [
    'dataset_version.comparison_requested',
    'dataset_version.compared',
    'dataset_version.drift_detected',
  ],
  'metrics, files and tags one by one are no nodes': [
    'run.metrics_logged',
    'run.amended',
    'run.rewound',
    'artifact.added',
    'artifact.deleted',
    'model.tag_set',
    'model.tag_removed',
    'model_version.tag_set',
    'model_version.tag_removed',
    'model_version.updated',
    'model_version.alias_set',
    'model_version.alias_removed',
  ],
  'a wish, whose outcome is an event of its own': ['training_job.cancel_requested', 'model_version.recheck_requested'],
  'the change of stage is an event of its own': ['model_version.stage_forced'],
  'figures about a run, not what it rests on': ['run.measured', 'run.measurement_failed', 'run.reproduced'],
  'figures about a version, not what it rests on': ['model_version.evaluation_requested', 'model_version.evaluation_failed'],
  'no execution came of it, or it is fired anew': [
    'trigger.skipped',
    'trigger.replayed',
    'trigger.secret_rotated',
    'trigger.taken_over',
  ],
  'what is told to the outside is no part of a model': [
    'webhook.created',
    'webhook.updated',
    'webhook.deleted',
    'webhook.tested',
    'webhook.redelivered',
    'webhook.disabled',
    'webhook.replayed',
    'webhook.secret_rotated',
    'check_secret.rotated',
    'delivery.replayed',
  ],
};

it('has a rule for every event of the catalogue, or a reason for having none', () => {
  const silent = Object.values(SILENT).flat();
  expect([...DRAWN_NAMES, ...silent].sort()).toEqual([...EVENT_NAMES].sort());
});
