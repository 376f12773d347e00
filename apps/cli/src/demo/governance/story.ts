import { ApiError } from '../../client/api-error.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { until } from '../../poll.js';
import { createDataset, uploadVersion, type VersionView } from '../data-steps.js';
import {
  APPROVE,
  CREATE_ENDPOINT,
  CREATE_MODEL,
  CREATE_TEMPLATE,
  CREATE_TRIGGER,
  REQUEST_STAGE,
  START_TRAINING,
} from '../documents.js';
import { EventFeed } from '../event-feed.js';
import { awaitReady, predict } from '../promotion-steps.js';
import { check, type Stage } from '../stage.js';
import { readCandidate, SPEC, type JobView } from '../training-steps.js';
import { batches, csvOf, miskeyed } from './batches.js';
import type { Cast } from './cast.js';
import { CREATE_FLOW, DRIFT, FORCE, REQUESTS, UPDATE_CARD } from './documents.js';

const GATES = [
  { kind: 'data_valid' },
  { kind: 'metric_min', metric: 'test_f1_macro', min: 0.9 },
  { kind: 'not_worse', d: 0.25, minRowsPerClass: 3 },
  { kind: 'signature_compatible' },
  { kind: 'files_scanned' },
];

export interface Names {
  readonly dataset: string;
  readonly template: string;
  readonly model: string;
  readonly endpoint: string;
  readonly flow: string;
  readonly trigger: string;
}

/** What the quarter leaves behind for those who ask later. */
export interface Quarter {
  readonly names: Names;
  /** When it began. */
  readonly since: string;
  readonly modelId: string;
  readonly triggerId: string;
  readonly versions: readonly { id: string; number: number }[];
  readonly data: readonly VersionView[];
  readonly predictionId: string;
  /** When the second good version had just come into production. */
  readonly peak: string;
}

export interface RequestRow {
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  readonly requestedBy: { name: string } | null;
  readonly gates: { gate: { kind: string }; outcome: string; message: string }[];
  readonly approvals: { decision: string; comment: string | null; member: { name: string } | null }[];
}

/** A quarter in the life of one model. Each chapter is a week's work, done in seconds; every check is by the public API. */
export class Story {
  private readonly data: VersionView[] = [];
  private readonly versions: { id: string; number: number }[] = [];
  private readonly since = new Date().toISOString();
  private readonly feed: EventFeed;
  private datasetId!: string;
  private templateId!: string;
  private modelId!: string;
  private triggerId!: string;
  private endpoint!: { id: string; name: string };
  private predictionId!: string;
  private peak!: string;

  constructor(
    private readonly stage: Stage,
    private readonly cast: Cast,
    private readonly names: Names,
    startSequence: string,
  ) {
    this.feed = new EventFeed(cast.ada, startSequence);
  }

  async tell(): Promise<Quarter> {
    const { stage } = this;
    await stage.step('Week 1: the rules — olga, who runs the platform, writes down how a model comes into production', () =>
      this.rules(),
    );
    await stage.step('Week 2: the first data, the first model; ada asks, grace approves, it is deployed by event', () =>
      this.firstModel(),
    );
    await stage.step('Week 5: more data of the same kind — no drift, and nothing happens', () => this.quietData());
    await stage.step('Week 8: a new station sends data that has drifted — the trigger retrains, and a gate refuses', () =>
      this.driftedData(),
    );
    await stage.step('Week 9: the station corrects its data — retrained, compared, approved, deployed', () =>
      this.correctedData(),
    );
    await stage.step('Week 12: support reports nonsense — olga brings the version before back, past the gates', () =>
      this.rollBack(),
    );
    const { names, since, modelId, triggerId, versions, data, predictionId, peak } = this;
    return { names, since, modelId, triggerId, versions, data, predictionId, peak };
  }

  private async rules(): Promise<string> {
    const { olga, ada } = this.cast;
    const stages = [
      { name: 'staging', holds: 'many', from: ['none'] },
      { name: 'production', holds: 'one', from: ['none', 'staging', 'archived'], gates: GATES, approvals: 1 },
      { name: 'archived', holds: 'many', from: ['none', 'staging', 'production'] },
    ];
    await olga.mutate(CREATE_FLOW, { name: this.names.flow, description: 'Two pairs of eyes, and figures', flow: { stages } });
    const input = { name: this.names.model, description: 'Species of a penguin', flowName: this.names.flow };
    this.modelId = (await ada.mutate<{ model: { id: string } }>(CREATE_MODEL, input)).model.id;
    for (const { kind, ...rest } of GATES)
      this.stage.line(`  gate ${kind} ${Object.keys(rest).length > 0 ? JSON.stringify(rest) : ''}`);
    const refusal = await ada
      .mutate(CREATE_FLOW, { name: `${this.names.flow}-mine`, flow: { stages } })
      .catch((error: unknown) => error);
    check(refusal instanceof ApiError && refusal.code === 'FORBIDDEN', 'who trains models does not write the rules');
    return 'five gates and one approval; ada, who tried to write rules of her own, was refused';
  }

  private async firstModel(): Promise<string> {
    const { ada } = this.cast;
    this.datasetId = await createDataset(ada, this.names.dataset);
    await this.upload(csvOf(batches().first));
    const template = { name: this.names.template, datasetId: this.datasetId, spec: SPEC, registerAs: this.names.model };
    this.templateId = (await ada.mutate<{ template: { id: string } }>(CREATE_TEMPLATE, template)).template.id;
    const { trigger } = await ada.mutate<{ trigger: { id: string } }>(CREATE_TRIGGER, {
      name: this.names.trigger,
      filter: {
        kind: 'event',
        event: 'dataset_version.drift_detected',
        where: { field: 'data.datasetId', op: 'eq', value: this.datasetId },
      },
      action: { kind: 'start_training', templateId: this.templateId },
    });
    this.triggerId = trigger.id;
    const { trainingJob } = await ada.mutate<{ trainingJob: { id: string; run: { id: string } } }>(START_TRAINING, {
      templateId: this.templateId,
    });
    const version = this.keep(await readCandidate(ada, this.feed, trainingJob.id, trainingJob.run.id));
    await ada.mutate(UPDATE_CARD, {
      id: version.id,
      card: { intendedUse: 'Field notes of three islands. Not for birds in captivity.', limitations: 'Knows three species.' },
    });
    await this.approved(version, 'the first model', 'figures look right');
    const endpoint = { name: this.names.endpoint, follows: { modelId: this.modelId, stage: 'production' } };
    this.endpoint = (await ada.mutate<{ endpoint: { id: string; name: string } }>(CREATE_ENDPOINT, endpoint)).endpoint;
    const { number } = await awaitReady(ada, this.feed, this.endpoint.id, version.id);
    return `version ${version.number} stands in production, revision ${number} answers`;
  }

  private async quietData(): Promise<string> {
    const { first, second } = batches();
    const version = await this.upload(csvOf([...first, ...second]));
    const drift = await this.driftOf(version.id);
    check(drift.mode === 'appended' && !drift.drifted, 'more penguins of the same kind are no drift');
    const worst = drift.columns.find(({ name }) => name === drift.worst?.column);
    this.stage.line(`${drift.added} rows more; ${worst?.name}, which differs most: ${worst?.message}`);
    return 'no drift, no training, no cost';
  }

  private async driftedData(): Promise<string> {
    const { ada } = this.cast;
    const { first, second, third } = batches();
    const version = await this.upload(csvOf([...first, ...second, ...miskeyed(third)]));
    const drift = await this.driftOf(version.id);
    check(drift.drifted, 'the new station is drift');
    for (const column of drift.columns.filter(({ drifted }) => drifted)) this.stage.line(`  ${column.name}: ${column.message}`);
    const candidate = this.keep(await this.retrained(version.id));
    const request = await this.ask(candidate.id, 'retrained on the new station');
    check(request.state === 'BLOCKED', `a gate refuses it (the request is ${request.state})`);
    const refused = request.gates.filter(({ outcome }) => outcome !== 'passed');
    for (const gate of refused) this.stage.line(`  ${gate.gate.kind} ${gate.outcome}: ${gate.message}`);
    check(
      refused.some(({ gate }) => gate.kind === 'metric_min'),
      'its figures are too low',
    );
    check((await ada.infer(this.endpoint.name, { inputs: [] }).catch(() => 'refused')) === 'refused', 'a bad request is refused');
    return `version ${candidate.number} is refused by ${refused.length} of ${request.gates.length} gates; version 1 serves on`;
  }

  private async correctedData(): Promise<string> {
    const { first, second, third } = batches();
    const version = await this.upload(csvOf([...first, ...second, ...third]));
    const drift = await this.driftOf(version.id);
    check(drift.mode === 'whole', 'rows were taken away, so that both are compared as they are');
    const candidate = this.keep(drift.drifted ? await this.retrained(version.id) : await this.trainedBy());
    await this.approved(candidate, 'trained on all stations', 'the difference to version 1 is within what we allow');
    const { revisionId, number } = await awaitReady(this.cast.ada, this.feed, this.endpoint.id, candidate.id);
    this.peak = new Date().toISOString();
    this.predictionId = await predict(this.cast.ada, this.stage, this.endpoint.name, revisionId);
    return `version ${candidate.number} stands in production, revision ${number} answers`;
  }

  private async rollBack(): Promise<string> {
    const { ada, olga } = this.cast;
    const [one] = this.versions;
    const input = {
      versionId: one!.id,
      stage: 'production',
      reason: 'support reports nonsense for Dream since the last deployment',
    };
    const refusal = await ada.mutate(FORCE, input).catch((error: unknown) => error);
    check(refusal instanceof ApiError && refusal.code === 'FORBIDDEN', 'not everybody may pass over the gates');
    this.stage.line('ada tries to pass over the gates: refused (FORBIDDEN)');
    await olga.mutate(FORCE, input);
    const after = this.feed.seen.length;
    await until(
      async () =>
        this.feed.seen
          .slice(Math.max(0, after - 20))
          .filter(({ type, data }) => type.includes('deployment.ready') && data.modelVersionId === one!.id).length,
      (times) => times > 0,
      60,
      'the endpoint serves the version before',
    );
    return 'version 1 stands in production again, with the reason and all that was passed over in the audit';
  }

  private async upload(csv: string): Promise<VersionView> {
    const version = await uploadVersion(this.cast.ada, this.feed, this.stage, this.datasetId, csv);
    this.data.push(version);
    return version;
  }

  private keep(job: JobView): { id: string; number: number } {
    const { id, number } = job.modelVersions[0]!;
    this.versions.push({ id, number });
    return { id, number };
  }

  private async driftOf(id: string): Promise<Drift> {
    await this.feed.first('dataset_version.compared', (data) => data.versionId === id);
    return (await this.cast.ada.query<{ datasetVersion: { profile: { drift: Drift } } }>(DRIFT, { id })).datasetVersion.profile
      .drift;
  }

  /** The training that the trigger starts by itself. */
  private async retrained(datasetVersionId: string): Promise<JobView> {
    const queued = await this.feed.first('training_job.queued', (data) => data.datasetVersionId === datasetVersionId);
    this.stage.line('the trigger has started a training by itself');
    return readCandidate(this.cast.ada, this.feed, String(queued.data.jobId), String(queued.data.runId));
  }

  private async trainedBy(): Promise<JobView> {
    const { ada } = this.cast;
    const { trainingJob } = await ada.mutate<{ trainingJob: { id: string; run: { id: string } } }>(START_TRAINING, {
      templateId: this.templateId,
    });
    return readCandidate(ada, this.feed, trainingJob.id, trainingJob.run.id);
  }

  private async ask(versionId: string, reason: string): Promise<RequestRow> {
    const input = { versionId, stage: 'production', reason };
    const { stageRequest } = await this.cast.ada.mutate<{ stageRequest: { id: string } }>(REQUEST_STAGE, input);
    await this.feed.first('model_version.gates_evaluated', (data) => data.requestId === stageRequest.id);
    return this.requestOf(versionId, stageRequest.id);
  }

  private async requestOf(versionId: string, id: string): Promise<RequestRow> {
    return (await requestsOf(this.cast.ada, versionId)).find((request) => request.id === id)!;
  }

  private async approved(version: { id: string; number: number }, reason: string, comment: string): Promise<void> {
    const { ada, grace } = this.cast;
    const request = await this.ask(version.id, reason);
    for (const gate of request.gates) this.stage.line(`  ${gate.gate.kind} ${gate.outcome}: ${gate.message}`);
    check(request.state === 'AWAITING_APPROVAL', `every gate passed (the request is ${request.state})`);
    const refusal = await ada.mutate(APPROVE, { requestId: request.id }).catch((error: unknown) => error);
    check(refusal instanceof ApiError && ['SELF_APPROVAL', 'FORBIDDEN'].includes(refusal.code), 'who asked does not approve');
    await grace.mutate(APPROVE, { requestId: request.id, comment });
    const done = await until(
      () => this.requestOf(version.id, request.id),
      ({ state }) => state !== 'RECHECKING',
      60,
      'the move',
    );
    check(done.state === 'DONE', `the request is ${done.state}`);
    this.stage.line(`ada may not approve what she asked for; grace approves: "${comment}"`);
  }
}

interface Drift {
  readonly mode: string;
  readonly added: number;
  readonly drifted: boolean;
  readonly worst: { column: string; psi: number } | null;
  readonly columns: { name: string; psi: number | null; q: number | null; drifted: boolean; message: string }[];
}

export async function requestsOf(client: TailraceClient, versionId: string): Promise<RequestRow[]> {
  const { stageRequests } = await client.query<{ stageRequests: { edges: { node: RequestRow }[] } }>(REQUESTS, { id: versionId });
  return stageRequests.edges.map(({ node }) => node);
}
