import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingSpecInput } from '#contracts';
import { ROOT } from './child.js';
import type { Client } from './client.js';
import { until } from './until.js';

let made = 0;
/** A name that nothing else in this process has. */
export const uniqueName = (prefix: string): string => `${prefix}-${process.pid.toString(36)}-${(made += 1)}`;

/** Palmer penguins, 344 rows with a header. */
export const penguinsCsv = (): string => readFileSync(join(ROOT, 'apps', 'cli', 'data', 'penguins.csv'), 'utf8');

/** A few epochs; good enough to be registered. */
export function quickSpec(training: TrainingSpecInput['training'] = {}): TrainingSpecInput {
  return {
    task: 'classification',
    label: 'Species',
    training: { batchSize: 16, maxEpochs: 8, checkpointEveryEpochs: 2, ...training },
  };
}

/** Ends by epochs alone: long enough to be killed in the middle, with a checkpoint every few epochs. */
export function slowSpec(maxEpochs = 5000, training: TrainingSpecInput['training'] = {}): TrainingSpecInput {
  return quickSpec({
    batchSize: 2,
    maxEpochs,
    checkpointEveryEpochs: 3,
    earlyStopping: { patience: 100_000, minDelta: 0 },
    ...training,
  });
}

const VERSION =
  'query ($id: ID!) { datasetVersion(id: $id) { id number state reason findings { severity message line column } } }';

export interface CheckedVersion {
  readonly id: string;
  readonly number: number;
  readonly state: string;
  readonly reason: string | null;
  readonly findings: readonly { severity: string; message: string; line: number | null; column: string | null }[];
}

export async function aDataset(client: Client, name = uniqueName('data')): Promise<string> {
  const query =
    'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { code message field } } }';
  return (await client.mutate<{ dataset: { id: string } }>(query, { name })).dataset.id;
}

/** Uploads a CSV as a version and waits until it is checked. */
export async function aVersion(client: Client, datasetId: string, csv: string): Promise<CheckedVersion> {
  const query = `mutation ($input: CreateDatasetVersionInput!) {
    createDatasetVersion(input: $input) { datasetVersion { id } userErrors { code message field } } }`;
  const input = { datasetId, blob: await client.upload(csv), format: 'CSV' };
  const { datasetVersion } = await client.mutate<{ datasetVersion: { id: string } }>(query, input);
  return until(`version ${datasetVersion.id} is checked`, async () => {
    const { datasetVersion: version } = await client.query<{ datasetVersion: CheckedVersion }>(VERSION, {
      id: datasetVersion.id,
    });
    return version.state !== 'PENDING' && version;
  });
}

/** The penguins as a validated version. */
export async function penguins(client: Client): Promise<{ datasetId: string; versionId: string }> {
  const datasetId = await aDataset(client, uniqueName('penguins'));
  const { id, state, reason } = await aVersion(client, datasetId, penguinsCsv());
  if (state !== 'VALIDATED') throw new Error(`the penguins are ${state}: ${reason}`);
  return { datasetId, versionId: id };
}

export async function aTemplate(
  client: Client,
  input: { datasetId: string; spec: TrainingSpecInput; registerAs?: string; name?: string },
): Promise<string> {
  const query = `mutation ($input: CreateTemplateInput!) {
    createTrainingTemplate(input: $input) { template { id } userErrors { code message field } } }`;
  return (await client.mutate<{ template: { id: string } }>(query, { name: uniqueName('template'), ...input })).template.id;
}

export async function aTraining(client: Client, templateId: string): Promise<{ id: string; runId: string }> {
  const query =
    'mutation ($input: StartTrainingInput!) { startTraining(input: $input) { trainingJob { id run { id } } userErrors { code message field } } }';
  const { trainingJob } = await client.mutate<{ trainingJob: { id: string; run: { id: string } } }>(query, { templateId });
  return { id: trainingJob.id, runId: trainingJob.run.id };
}

export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly epoch: number | null;
  readonly checkpointEpoch: number | null;
  readonly reason: string | null;
  readonly attempts: readonly { number: number; state: string; reason: string | null }[];
  readonly modelVersions: readonly { id: string; number: number; stage: string }[];
  readonly run: { status: string; tags: { key: string; value: string }[]; artifacts: { path: string; blob: string }[] };
}

export async function readJob(client: Client, id: string): Promise<JobView> {
  const query = `query ($id: ID!) { trainingJob(id: $id) { id state attempt epoch checkpointEpoch reason attempts { number state reason }
    modelVersions { id number stage } run { status tags { key value } artifacts { path blob } } } }`;
  return (await client.query<{ trainingJob: JobView }>(query, { id })).trainingJob;
}

/** Waits until the job is as `fits` says. */
export function jobWhen(
  client: Client,
  id: string,
  what: string,
  fits: (job: JobView) => boolean,
  ms = 45_000,
): Promise<JobView> {
  return until(
    `job ${id} ${what}`,
    async () => {
      const job = await readJob(client, id);
      return fits(job) && job;
    },
    ms,
  );
}

/** Steps of one key of a run's curve, as clients see it. */
export async function curveSteps(client: Client, runId: string, key: string): Promise<number[]> {
  const query = 'query ($id: ID!, $keys: [String!]) { run(id: $id) { curve(keys: $keys) { step } } }';
  return (await client.query<{ run: { curve: { step: number }[] } }>(query, { id: runId, keys: [key] })).run.curve.map(
    ({ step }) => step,
  );
}

/** A member with a token of its own. */
export async function aMember(
  admin: Client,
  role: 'viewer' | 'editor' | 'approver' | 'admin',
  more: { project?: string } = {},
): Promise<{ id: string; token: string }> {
  const create =
    'mutation ($input: CreateMemberInput!) { createMember(input: $input) { member { id } userErrors { code message field } } }';
  const { member } = await admin.mutate<{ member: { id: string } }>(create, { name: uniqueName(role), role, ...more });
  return { id: member.id, token: (await aToken(admin, member.id)).token };
}

export async function aToken(
  admin: Client,
  memberId: string,
  more: { scope?: string; ttlDays?: number } = {},
): Promise<{ token: string; tokenId: string }> {
  const query =
    'mutation ($input: CreateTokenInput!) { createToken(input: $input) { token tokenId userErrors { code message field } } }';
  return admin.mutate(query, { memberId, name: 'test', ...more });
}
