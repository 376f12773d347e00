import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  attemptProcesses,
  aTemplate,
  aTraining,
  checkInvariants,
  jobWhen,
  kill9,
  penguins,
  quickSpec,
  slowSpec,
  until,
  type Client,
  type Server,
} from '#testing';
import { inEachTopology } from './topologies.js';

interface Reproduced {
  readonly status: string;
  readonly datasetVersions: readonly { readonly id: string }[];
  readonly reproduction: {
    readonly verdict: string;
    readonly reason: string | null;
    readonly weightsEqual: boolean | null;
    readonly original: { readonly id: string };
    readonly metrics: readonly {
      readonly key: string;
      readonly source: string;
      readonly difference: number | null;
      readonly points: number;
      readonly firstStep: number | null;
      readonly agrees: boolean | null;
    }[];
    readonly differences: readonly {
      readonly part: string;
      readonly key: string;
      readonly original: string;
      readonly reproduced: string;
    }[];
  };
}

const REPRODUCE =
  'mutation ($input: ReproduceRunInput!) { reproduceRun(input: $input) { trainingJob { id run { id } modelVersions { id } } userErrors { code message field } } }';
const READ = `query ($id: ID!) { run(id: $id) { status datasetVersions { id } reproduction { verdict reason weightsEqual original { id }
  metrics { key source difference points firstStep agrees } differences { part key original reproduced } } } }`;

inEachTopology((start, topology) => {
  let server: Server;
  let client: Client;
  let data: { datasetId: string; versionId: string };

  beforeAll(async () => {
    // Leases as long as on a platform of people: what is killed here is seen to end.
    const leases = { TAILRACE_LEASE_SECONDS: '60', TAILRACE_HEARTBEAT_SECONDS: '5' };
    server = await start({ TAILRACE_RUNNER_SLOTS: '1', ...leases });
    client = server.client();
    data = await penguins(client);
  });
  afterAll(() => server?.stop());

  async function reproduce(runId: string, more: object = {}): Promise<{ jobId: string; runId: string }> {
    const { trainingJob } = await client.mutate<{ trainingJob: { id: string; run: { id: string } } }>(REPRODUCE, {
      runId,
      ...more,
    });
    return { jobId: trainingJob.id, runId: trainingJob.run.id };
  }

  function judged(runId: string): Promise<Reproduced> {
    return until(
      `the verdict on ${runId}`,
      async () => {
        const { run } = await client.query<{ run: Reproduced }>(READ, { id: runId });
        return run.reproduction.verdict !== 'PENDING' && run;
      },
      45_000,
    );
  }

  test(
    'a training that was killed and resumed comes out the same, weights and all, without a break',
    { timeout: 120_000 },
    async () => {
      const templateId = await aTemplate(client, { datasetId: data.datasetId, spec: slowSpec(40), registerAs: 'reproduced' });
      const original = await aTraining(client, templateId);
      await jobWhen(client, original.id, 'has a checkpoint', ({ checkpointEpoch }) => (checkpointEpoch ?? 0) >= 5);
      const attempt = await until('the attempt is known', async () =>
        (await attemptProcesses(server.home)).find(({ jobId }) => jobId === original.id),
      );
      await kill9(attempt.pid);
      const done = await jobWhen(client, original.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
      expect(done.attempts.map(({ state }) => state)).toEqual(['LOST', 'SUCCEEDED']);
      await jobWhen(client, original.id, 'is registered', ({ modelVersions }) => modelVersions.length === 1);

      const { jobId, runId } = await reproduce(original.runId);
      const run = await judged(runId);
      expect(run).toMatchObject({
        status: 'FINISHED',
        datasetVersions: [{ id: data.versionId }],
        reproduction: { verdict: 'AGREES', weightsEqual: true, differences: [], original: { id: original.runId } },
      });
      const { metrics } = run.reproduction;
      expect(metrics.find(({ key }) => key === 'val_loss')).toMatchObject({ source: 'attempt', points: 40, difference: 0 });
      expect(metrics.find(({ key }) => key === 'test_accuracy')).toMatchObject({ source: 'platform', agrees: true });
      const again = await jobWhen(client, jobId, 'has succeeded', ({ state }) => state === 'SUCCEEDED');
      expect(again).toMatchObject({ attempt: 1, modelVersions: [] });
      await checkInvariants(server.databaseUrl);
    },
  );

  if (topology === 'embedded')
    test(
      'a seed and data that somebody changed by hand are named, and the figures do not agree',
      { timeout: 120_000 },
      async () => {
        const original = await aTraining(client, await aTemplate(client, { datasetId: data.datasetId, spec: quickSpec() }));
        await jobWhen(client, original.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
        const blocker = await aTraining(client, await aTemplate(client, { datasetId: data.datasetId, spec: slowSpec() }));
        await jobWhen(client, blocker.id, 'runs', ({ state }) => state === 'RUNNING');
        const { jobId, runId } = await reproduce(original.runId);
        const other = await penguins(client);
        await ask(
          server.databaseUrl,
          `update training_job set spec = jsonb_set(spec, '{training,seed}', '8'), dataset_version_id = $2 where id = $1 returning id`,
          [jobId, other.versionId],
        );
        await client.query('mutation ($id: ID!) { cancelTraining(jobId: $id) { userErrors { code } } }', { id: blocker.id });
        const { reproduction } = await judged(runId);
        expect(reproduction).toMatchObject({ verdict: 'DISAGREES', weightsEqual: false });
        expect(reproduction.differences).toEqual([
          { part: 'DATA', key: 'datasetVersionId', original: data.versionId, reproduced: other.versionId },
          { part: 'SEED', key: 'training.seed', original: '7', reproduced: '8' },
        ]);
        expect(reproduction.metrics.find(({ key }) => key === 'val_loss')).toMatchObject({ agrees: false, firstStep: 1 });
      },
    );
});
