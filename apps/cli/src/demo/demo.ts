import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { TailraceClient } from '../client/tailrace-client.js';
import { renderTree, type TreeGraph } from '../output/tree.js';
import { makeActors, type Actors } from './actors.js';
import { createDataset, uploadVersion, type VersionView } from './data-steps.js';
import {
  AUDIT,
  CREATE_ENDPOINT,
  CREATE_MODEL,
  CREATE_TEMPLATE,
  CREATE_TRIGGER,
  LINEAGE,
  LOG,
  START_TRAINING,
} from './documents.js';
import { EventFeed } from './event-feed.js';
import { penguinsFile, sampleCsv } from './penguins.js';
import { awaitReady, keepAsking, predict, promote } from './promotion-steps.js';
import { onStage, type DemoFlags } from './on-stage.js';
import type { DemoServer } from './server.js';
import { check, type Stage } from './stage.js';
import { figure, printConfusion, readCandidate, SPEC, watchCurve, type JobView } from './training-steps.js';

const FIRST_ROWS = 200;
const GATES = [
  { kind: 'data_valid' },
  { kind: 'metric_min', metric: 'test_f1_macro', min: 0.9 },
  { kind: 'parity_max', max: 1e-4 },
  { kind: 'not_worse', d: 0.05 },
];

/** The main job, end to end, as a client of the public API. Throws at the first thing that is not as it must be. */
export async function runDemo(flags: DemoFlags): Promise<void> {
  await onStage(flags, '.tailrace-demo', async (stage, server) => {
    const names = await new Demo(stage, new TailraceClient(server.url, server.token)).run();
    stage.table();
    farewell(stage, server, names);
  });
}

class Demo {
  private feed!: EventFeed;
  private actors!: Actors;
  private startSequence = '0';
  private endpoint!: { id: string; name: string };
  private modelId!: string;

  constructor(
    private readonly stage: Stage,
    private readonly admin: TailraceClient,
  ) {}

  async run(): Promise<{ model: string; endpoint: string }> {
    const suffix = await this.begin();
    const names = {
      dataset: `penguins${suffix}`,
      template: `species${suffix}`,
      model: `penguins-species${suffix}`,
      endpoint: `species${suffix}`,
    };
    const { ada } = this.actors;
    let datasetId!: string;
    let templateId!: string;
    let first!: JobView;
    let predictionId!: string;
    await this.stage.step(`Upload ${FIRST_ROWS} rows of ${names.dataset} as version 1`, async () => {
      datasetId = await createDataset(ada, names.dataset);
      const version = await uploadVersion(ada, this.feed, this.stage, datasetId, sampleCsv(FIRST_ROWS));
      check(
        version.profile.rows === FIRST_ROWS && version.number === 1 && version.parent === null,
        'version 1 has 200 rows and no parent',
      );
      return `version 1 is VALIDATED`;
    });
    await this.stage.step(`Create the training template ${names.template}`, async () => {
      const input = { name: names.template, datasetId, spec: SPEC, registerAs: names.model };
      templateId = (await ada.mutate<{ template: { id: string } }>(CREATE_TEMPLATE, input)).template.id;
      return 'impute, standardise, one-hot; split 70/15/15 by row; MLP, Adam, early stopping';
    });
    await this.stage.step('Train, watch the loss live, and set the trigger for versions to come', async () => {
      first = await this.train(templateId, datasetId, names);
      return `${first.run.id} on ${first.backend}`;
    });
    await this.stage.step('Evaluate on the files of the model', () => this.evaluated(first));
    await this.stage.step(`Register ${names.model} version 1`, async () => this.registered(first, 1));
    await this.stage.step('Promote version 1 past gates and approval', async () => {
      await promote(this.actors, this.feed, this.stage, first.modelVersions[0]!.id, 'first model');
      return 'asked by ada, refused to ada, approved by grace';
    });
    await this.stage.step('Deploy by event, predict raw rows', async () => {
      const created = await ada.mutate<{ endpoint: { id: string; name: string } }>(CREATE_ENDPOINT, {
        name: names.endpoint,
        follows: { modelId: this.modelId, stage: 'production' },
      });
      this.endpoint = created.endpoint;
      const { revisionId, number } = await awaitReady(ada, this.feed, this.endpoint.id, first.modelVersions[0]!.id);
      predictionId = await predict(ada, this.stage, this.endpoint.name, revisionId);
      return `revision ${number} answers`;
    });
    await this.stage.step('New data: the trigger retrains, version 2 is promoted, the endpoint swaps under load', async () => {
      predictionId = await this.retrain(datasetId, first);
      return 'no request failed';
    });
    await this.stage.step('Ask where a prediction came from, and who did what', () => this.traced(predictionId));
    return names;
  }

  private async begin(): Promise<string> {
    const { datasets } = await this.admin.query<{ datasets: { edges: unknown[] } }>(
      '{ datasets(first: 1, where: { name: "penguins" }) { edges { node { id } } } }',
    );
    const suffix = datasets.edges.length > 0 ? `-${Date.now().toString(36)}` : '';
    const { events } = await this.admin.query<{ events: { sequence: string }[] }>(LOG, { after: '0' });
    this.startSequence = suffix ? (events.at(-1)?.sequence ?? '0') : '0';
    this.actors = await makeActors(this.admin, suffix);
    this.feed = new EventFeed(this.actors.ada, this.startSequence);
    return suffix;
  }

  private async train(templateId: string, datasetId: string, names: { model: string; template: string }): Promise<JobView> {
    const { ada } = this.actors;
    const model = await ada.mutate<{ model: { id: string } }>(CREATE_MODEL, {
      name: names.model,
      description: 'Species of a penguin',
      productionGates: GATES,
    });
    this.modelId = model.model.id;
    const { trainingJob } = await ada.mutate<{ trainingJob: { id: string; run: { id: string } } }>(START_TRAINING, {
      templateId,
    });
    await ada.mutate(CREATE_TRIGGER, {
      name: `retrain-${names.template}`,
      filter: { event: 'dataset_version.validated', equals: { datasetId } },
      action: { kind: 'start_training', templateId },
    });
    await watchCurve(ada, this.stage, trainingJob.run.id);
    const job = await readCandidate(ada, this.feed, trainingJob.id, trainingJob.run.id);
    for (const tag of job.run.tags.filter(({ key }) => /backend|engine/.test(key))) this.stage.line(`${tag.key}: ${tag.value}`);
    return job;
  }

  private async evaluated(job: JobView): Promise<string> {
    const artifact = job.run.artifacts.find(({ path }) => path === 'evaluation.json');
    check(artifact, 'the evaluation is an artifact of the run');
    const answer = await this.actors.ada.send(`/v1/blobs/${artifact.blob}`, { method: 'GET' });
    const { test } = (await answer.json()) as { test: { classes: string[]; confusion: number[][]; rows: number } };
    check(
      test.confusion.flat().reduce((sum, count) => sum + count, 0) === test.rows,
      'the confusion matrix holds every test row',
    );
    printConfusion(this.stage, test);
    for (const name of test.classes) this.stage.line(`  F1 of ${name}: ${figure(job, `test_f1/${name}`).toFixed(3)}`);
    return `test accuracy ${figure(job, 'test_accuracy').toFixed(3)}, F1 ${figure(job, 'test_f1_macro').toFixed(3)} on ${test.rows} rows, measured by the platform`;
  }

  private registered(job: JobView, number: number): string {
    const version = job.modelVersions[0];
    check(version?.number === number, `version ${number} is registered`);
    const files = version.files.map((file) => file.name);
    check(
      files.includes('model.json') && files.includes('weights.bin') && files.includes('model.onnx'),
      'TF.js and ONNX files lie beside each other',
    );
    check(
      version.signature.inputs.some((input) => input.name === 'Beak Length (mm)'),
      'the signature is of raw inputs',
    );
    const parity = figure(job, 'parity_max_abs_diff');
    check(parity <= 1e-4, `formats agree (${parity})`);
    this.stage.line(`signature: ${version.signature.inputs.map((input) => `${input.name} ${input.datatype}`).join(', ')}`);
    return `TF.js and ONNX agree to ${parity.toExponential(1)}`;
  }

  private async retrain(datasetId: string, first: JobView): Promise<string> {
    const { ada } = this.actors;
    const asking = keepAsking(ada, this.endpoint.name);
    const version: VersionView = await uploadVersion(ada, this.feed, this.stage, datasetId, readFileSync(penguinsFile(), 'utf8'));
    check(version.profile.rows === 344 && version.parent?.number === 1, 'version 2 has 344 rows and version 1 as its parent');
    const queued = await this.feed.first('training_job.queued', (data) => data.datasetVersionId === version.id);
    this.stage.line('the trigger has started a training by itself');
    const job = await readCandidate(ada, this.feed, String(queued.data.jobId), String(queued.data.runId));
    this.registered(job, 2);
    await promote(this.actors, this.feed, this.stage, job.modelVersions[0]!.id, 'trained on all rows');
    const { revisionId, number } = await awaitReady(ada, this.feed, this.endpoint.id, job.modelVersions[0]!.id);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const tally = await asking.stop();
    this.stage.line(
      `${tally.sent} requests while it swapped: ${tally.failed} failed; ${[...tally.revisions.values()].join(' answered by the old revision, ')} by the new`,
    );
    check(tally.failed === 0, `no request failed (${tally.failed} did: ${tally.errors[0]})`);
    check(tally.revisions.size === 2 && tally.revisions.has(revisionId), 'both revisions answered, the new one last');
    check(first.modelVersions[0]!.id !== job.modelVersions[0]!.id, 'another version is served');
    this.stage.line(`revision ${number} answers now`);
    return predict(ada, this.stage, this.endpoint.name, revisionId);
  }

  private async traced(predictionId: string): Promise<string> {
    const { ada } = this.actors;
    const { lineage } = await ada.query<{ lineage: TreeGraph }>(LINEAGE, { id: predictionId });
    this.stage.line(renderTree(lineage));
    for (const kind of ['revision', 'model_version', 'run', 'code', 'environment', 'dataset_version'])
      check(
        lineage.nodes.some((node) => node.kind === kind),
        `the tree holds a ${kind}`,
      );
    check(
      lineage.edges.some((edge) => edge.relation === 'derived_from'),
      "the tree holds the data set version's parent",
    );
    this.stage.line('\nwho approved what:');
    for (const action of ['model_version.approved']) await this.printAudit(ada, action);
    const { events } = await ada.query<{ events: { sequence: string; type: string; subject: string }[] }>(LOG, {
      after: this.startSequence,
    });
    this.stage.line('\nevent log:');
    for (const event of events.filter(({ type }) => !type.includes('metrics_logged')))
      this.stage.line(`  ${event.sequence.padStart(4)}  ${event.type.slice(12, -3).padEnd(32)} ${event.subject}`);
    check(
      events.every((event, index) => index === 0 || BigInt(event.sequence) > BigInt(events[index - 1]!.sequence)),
      'the sequence rises',
    );
    return `${lineage.nodes.length} nodes behind one prediction, ${events.length} events`;
  }

  private async printAudit(client: TailraceClient, action: string): Promise<void> {
    type Entry = { at: string; outcome: string; reason: string | null; member: { name: string } | null };
    const { audit } = await client.query<{ audit: { edges: { node: Entry }[] } }>(AUDIT, { action });
    const entries = audit.edges.map((edge) => edge.node).reverse();
    for (const entry of entries)
      this.stage.line(
        `  ${entry.at.slice(11, 19)}  ${(entry.member?.name ?? '').padEnd(8)} ${action.padEnd(24)} ${entry.outcome}${entry.reason ? `: ${entry.reason}` : ''}`,
      );
    check(
      entries.some((entry) => entry.outcome === 'refused') && entries.some((entry) => entry.outcome === 'done'),
      'the audit has the refusal and the approval',
    );
  }
}

/** Commands that show more; those of a home of the demo's own need it started again, and named. */
function farewell(stage: Stage, server: DemoServer, names: { model: string; endpoint: string }): void {
  const home = server.home && (relative('.', server.home).startsWith('..') ? server.home : relative('.', server.home));
  stage.line('\nTo look further:');
  if (home) stage.line(`export TAILRACE_HOME=${home}\nnpx tailrace up &`);
  stage.line(`npx tailrace run list\nnpx tailrace model show ${names.model}\nnpx tailrace events tail --after 0 --no-follow`);
  stage.line(`npx tailrace predict ${names.endpoint} --data rows.csv     # raw rows with a header`);
}
