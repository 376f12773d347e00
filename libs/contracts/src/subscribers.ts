import type { EventName } from './events/catalogue.js';

/** Settings of one subscriber's queue. Total: a new subscriber without them does not compile. */
export interface SubscriberSettings {
  /** App that runs the processor. */
  readonly app: 'dataset-registry' | 'training-runner' | 'model-registry' | 'deployment' | 'automation';
  readonly concurrency: number;
  /** Deliveries before the pair (event, subscriber) is dead. */
  readonly attempts: number;
  /** First wait between deliveries in milliseconds; doubles each time. */
  readonly backoffMs: number;
  /** A worker that has not renewed its lock for so long is taken for dead. */
  readonly lockMs: number;
}

export const SUBSCRIBERS = {
  'dataset-registry.validate': { app: 'dataset-registry', concurrency: 2, attempts: 4, backoffMs: 500, lockMs: 15_000 },
  'dataset-registry.compare': { app: 'dataset-registry', concurrency: 1, attempts: 3, backoffMs: 500, lockMs: 15_000 },
  'training-runner.wake': { app: 'training-runner', concurrency: 8, attempts: 5, backoffMs: 250, lockMs: 15_000 },
  'training-runner.judge': { app: 'training-runner', concurrency: 2, attempts: 5, backoffMs: 500, lockMs: 15_000 },
  'model-registry.candidate': { app: 'model-registry', concurrency: 1, attempts: 3, backoffMs: 1000, lockMs: 15_000 },
  'model-registry.gates': { app: 'model-registry', concurrency: 1, attempts: 3, backoffMs: 1000, lockMs: 15_000 },
  'model-registry.scan': { app: 'model-registry', concurrency: 1, attempts: 3, backoffMs: 1000, lockMs: 15_000 },
  'model-registry.evaluate': { app: 'model-registry', concurrency: 1, attempts: 3, backoffMs: 1000, lockMs: 15_000 },
  'deployment.follow': { app: 'deployment', concurrency: 8, attempts: 5, backoffMs: 250, lockMs: 15_000 },
  /** Many at once: a receiver that is slow to answer holds up no other trigger. */
  'automation.act': { app: 'automation', concurrency: 16, attempts: 5, backoffMs: 500, lockMs: 15_000 },
} as const satisfies Record<string, SubscriberSettings>;

export type SubscriberName = keyof typeof SUBSCRIBERS;
export const SUBSCRIBER_NAMES = Object.keys(SUBSCRIBERS) as SubscriberName[];

/** How many queue workers a process of this service holds; the platform has all in one. */
export function workersOf(service: string): number {
  if (service === 'platform') return SUBSCRIBER_NAMES.length;
  return SUBSCRIBER_NAMES.filter((name) => SUBSCRIBERS[name].app === service).length;
}

/**
 * Which subscribers get a job for which event. Total over the catalogue, so that a new event cannot be forgotten: an empty list says that
 * only the readers of the log (live subscriptions, lineage, triggers) take note of it.
 */
export const ROUTES: Readonly<Record<EventName, readonly SubscriberName[]>> = {
  'workspace.created': [],
  'member.created': [],
  'member.role_granted': [],
  'member.role_withdrawn': [],
  'member.removed': [],
  'token.created': [],
  'token.deleted': [],
  'access.refused': [],
  'audit.read': [],
  'audit.exported': [],
  'audit.retired': [],
  'runner.online': [],
  'runner.lost': [],
  'dataset.created': [],
  'dataset_version.created': ['dataset-registry.validate'],
  'dataset_version.validated': ['dataset-registry.compare'],
  'dataset_version.comparison_requested': ['dataset-registry.compare'],
  'dataset_version.compared': [],
  'dataset_version.drift_detected': [],
  'dataset_version.validation_failed': [],
  'dataset_version.retracted': [],
  'experiment.created': [],
  'experiment.updated': [],
  'experiment.deleted': [],
  'experiment.restored': [],
  'experiment.purged': [],
  'run.started': [],
  'run.linked': [],
  'run.finished': [],
  'run.failed': [],
  'run.killed': [],
  'run.resumed': [],
  'run.amended': [],
  'run.updated': [],
  'run.rewound': [],
  'run.deleted': [],
  'run.restored': [],
  'run.purged': [],
  'run.measured': ['training-runner.judge'],
  'run.measurement_failed': ['training-runner.judge'],
  'run.reproduced': [],
  'logged_model.created': [],
  'logged_model.updated': [],
  'logged_model.ready': [],
  'logged_model.failed': [],
  'logged_model.deleted': [],
  'logged_model.purged': [],
  'artifact.added': [],
  'artifact.deleted': [],
  'run.metrics_logged': [],
  'template.created': [],
  'template.updated': [],
  'training_job.queued': ['training-runner.wake'],
  'training_job.started': [],
  'training_job.checkpointed': [],
  'training_job.retrying': ['training-runner.wake'],
  'training_job.succeeded': ['model-registry.candidate'],
  'training_job.failed': ['training-runner.judge'],
  'training_job.cancel_requested': [],
  'training_job.canceled': ['training-runner.judge'],
  'model.created': [],
  'model.updated': [],
  'model.deleted': [],
  'model.flow_changed': [],
  'stage_flow.created': [],
  'stage_flow.updated': [],
  'stage_flow.deleted': [],
  'check_secret.rotated': [],
  'model.tag_set': [],
  'model.tag_removed': [],
  'model_version.created': ['model-registry.scan'],
  'model_version.updated': [],
  'model_version.deleted': [],
  'model_version.tag_set': [],
  'model_version.tag_removed': [],
  'model_version.alias_set': [],
  'model_version.alias_removed': [],
  'model_version.evaluation_requested': ['model-registry.evaluate'],
  'model_version.evaluated': [],
  'model_version.evaluation_failed': [],
  'model_version.stage_requested': ['model-registry.gates'],
  'model_version.recheck_requested': ['model-registry.gates'],
  'model_version.request_expired': [],
  'model_version.stage_forced': [],
  'model_version.scanned': [],
  'model_version.gates_evaluated': [],
  'model_version.approved': [],
  'model_version.rejected': [],
  'model_version.stage_changed': ['deployment.follow'],
  'endpoint.created': ['deployment.follow'],
  'deployment.created': [],
  'deployment.ready': [],
  'deployment.rolled_back': [],
  'deployment.failed': [],
  'trigger.created': [],
  'trigger.updated': [],
  'trigger.paused': [],
  'trigger.resumed': [],
  'trigger.deleted': [],
  'trigger.secret_rotated': [],
  'trigger.taken_over': [],
  'trigger.fired': ['automation.act'],
  'trigger.skipped': [],
  'trigger.replayed': [],
  'trigger.acted': [],
  'trigger.failed': [],
  'trigger.completed': [],
  'webhook.created': [],
  'webhook.updated': [],
  'webhook.deleted': [],
  'webhook.secret_rotated': [],
  'webhook.tested': [],
  'delivery.replayed': [],
  'webhook.redelivered': [],
  'webhook.replayed': [],
  'webhook.disabled': [],
  'lineage.rebuilt': [],
  'lineage.exported': [],
};

/** Queue of a subscriber: one queue each, so that one slow or dead subscriber holds up no other. */
export function queueName(subscriber: SubscriberName): string {
  return subscriber.replace('.', '-');
}
