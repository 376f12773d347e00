import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aTemplate,
  aTraining,
  GraphSocket,
  jobWhen,
  penguins,
  quickSpec,
  startPlatform,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';

/** What is written to runs, as those who follow it see it. */
let server: Server;
let client: Client;
let socket: GraphSocket;
let experimentId: string;
beforeAll(async () => {
  server = await startPlatform();
  client = server.client();
  socket = await GraphSocket.open(server.url, server.token);
  const create =
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { message } } }';
  experimentId = (await client.mutate<{ experiment: { id: string } }>(create, { name: uniqueName('live') })).experiment.id;
}, 60_000);
afterAll(async () => {
  socket.drop();
  await server.stop();
});

async function aRun(): Promise<string> {
  const create = 'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } userErrors { message } } }';
  return (await client.mutate<{ run: { id: string } }>(create, { experimentId, name: uniqueName('run') })).run.id;
}
const finish = (runId: string) =>
  client.mutate('mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { message } } }', {
    runId,
    status: 'FINISHED',
  });
const log = (runId: string, metrics: { key: string; value: number; step: number }[]) =>
  client.mutate('mutation ($input: LogRunInput!) { logRun(input: $input) { userErrors { message } } }', { runId, metrics });
const print = (runId: string, lines: { text: string; n?: number; stream?: string }[]) =>
  client.mutate('mutation ($input: LogLinesInput!) { logRunLines(input: $input) { userErrors { message } } }', { runId, lines });

interface Line {
  readonly cursor: string;
  readonly text: string;
  readonly stream: string;
  readonly attempt: number;
}
const FOLLOW =
  'subscription ($runId: ID!, $after: String) { runLog(runId: $runId, after: $after) { cursor text stream attempt } }';

test('a log is followed as it is written, resumed from a line, and ends with its run', async () => {
  const runId = await aRun();
  const first = socket.start<Line[]>(FOLLOW, { runId });
  await print(runId, [{ text: 'one' }, { text: 'two', stream: 'stderr' }]);
  await until('two lines came', async () => first.values.flat().length === 2);
  expect(first.values.flat()).toMatchObject([
    { text: 'one', stream: 'stdout' },
    { text: 'two', stream: 'stderr' },
  ]);
  const resumed = socket.start<Line[]>(FOLLOW, { runId, after: first.values.flat()[0]!.cursor });
  await print(runId, [{ text: 'three' }]);
  await finish(runId);
  await until('both have ended', async () => first.done() && resumed.done());
  expect(first.values.flat().map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  expect(resumed.values.flat().map(({ text }) => text)).toEqual(['two', 'three']);
});

test('lines with their own count are there once, whatever is sent twice or out of order', async () => {
  const runId = await aRun();
  await print(runId, [
    { n: 2, text: 'c' },
    { n: 0, text: 'a' },
  ]);
  await print(runId, [
    { n: 0, text: 'again' },
    { n: 1, text: 'b' },
    { n: 2, text: 'again' },
  ]);
  const { runLog } = await client.query<{ runLog: Line[] }>('query ($runId: ID!) { runLog(runId: $runId) { text } }', { runId });
  expect(runLog.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
});

test('points come once each, late ones too', async () => {
  const runId = await aRun();
  const points = socket.start<{ key: string; step: number; value: number }[]>(
    'subscription ($runId: ID!) { runMetrics(runId: $runId) { key step value } }',
    { runId },
  );
  await log(
    runId,
    [10, 11, 12].map((step) => ({ key: 'loss', value: step, step })),
  );
  await until('three points came', async () => points.values.flat().length === 3);
  await log(
    runId,
    [4, 5, 13].map((step) => ({ key: 'loss', value: step, step })),
  );
  await finish(runId);
  await until('it has ended', async () => points.done());
  expect(
    points.values
      .flat()
      .map(({ step }) => step)
      .toSorted((a, b) => a - b),
  ).toEqual([4, 5, 10, 11, 12, 13]);
});

test("a list hears of its runs' changes, and of no others; it resumes without a gap", async () => {
  const query = `subscription ($experimentId: ID!, $after: String) { runChanges(experimentId: $experimentId, after: $after) { sequence change run { id status } } }`;
  interface Change {
    readonly sequence: string;
    readonly change: string;
    readonly run: { readonly id: string; readonly status: string };
  }
  const changes = socket.start<Change>(query, { experimentId });
  await until('the subscription is there', async () => {
    await aRun();
    return changes.values.length > 0;
  });
  const runId = await aRun();
  await log(runId, [{ key: 'a', value: 1, step: 0 }]);
  await finish(runId);
  const mine = () => changes.values.filter(({ run }) => run.id === runId).map(({ change }) => change);
  await until('its end was heard', async () => mine().includes('run.finished'));
  expect(mine()).toEqual(['run.started', 'run.metrics_logged', 'run.finished']);
  const from = changes.values.find(({ run }) => run.id === runId)!.sequence;
  const resumed = socket.start<Change>(query, { experimentId, after: from });
  await until('the rest came again', async () => resumed.values.length >= 2);
  expect(resumed.values.slice(0, 2).map(({ change }) => change)).toEqual(['run.metrics_logged', 'run.finished']);
});

test('a training job says what it does', { timeout: 90_000 }, async () => {
  const { datasetId } = await penguins(client);
  const job = await aTraining(client, await aTemplate(client, { datasetId, spec: quickSpec() }));
  await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
  const { trainingJob } = await client.query<{ trainingJob: { run: { id: string } } }>(
    'query ($id: ID!) { trainingJob(id: $id) { run { id } } }',
    job,
  );
  const { runLog } = await client.query<{ runLog: Line[] }>('query ($runId: ID!) { runLog(runId: $runId) { text attempt } }', {
    runId: trainingJob.run.id,
  });
  expect(runLog[0]).toEqual({ text: `attempt 1 of job ${job.id}`, attempt: 1 });
  expect(runLog.at(-1)).toEqual({ text: 'succeeded', attempt: 1 });
});
