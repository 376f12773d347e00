import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NODE_KINDS } from '#lineage';
import {
  ask,
  attemptProcesses,
  aTemplate,
  aTraining,
  dropSessions,
  jobWhen,
  kill9,
  penguins,
  slowSpec,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import { runGovernanceDemo } from '../../apps/cli/src/demo/governance/governance.js';
import { mlflowClient } from './governance-kit.js';
import { inEachTopology } from './topologies.js';

const REBUILD = `mutation ($check: Boolean!) { rebuildLineage(check: $check) {
  rebuilt { differing differences { what how } changed nodes edges } userErrors { code message } } }`;

interface Rebuilt {
  readonly differing: number;
  readonly differences: readonly object[];
  readonly changed: boolean;
}

inEachTopology((start, topology) => {
  let server: Server;
  let client: Client;

  beforeAll(async () => {
    server = await start({ TAILRACE_LEASE_SECONDS: '60', TAILRACE_HEARTBEAT_SECONDS: '5' });
    client = server.client();
    if (topology === 'embedded') await everyStory();
    await resumedTraining();
    await whatMlflowClientsSend();
    await drawn();
  }, 180_000);
  afterAll(() => server?.stop());

  /** The longest of them, which tells of every kind of node. */
  async function everyStory(): Promise<void> {
    const quiet = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    await runGovernanceDemo({ url: server.url, token: server.token }).finally(() => quiet.mockRestore());
  }

  /** A training with a checkpoint, from which a second attempt goes on, and one that does it anew. */
  async function resumedTraining(): Promise<void> {
    const { datasetId } = await penguins(client);
    const job = await aTraining(client, await aTemplate(client, { datasetId, spec: slowSpec(30) }));
    await jobWhen(client, job.id, 'has a checkpoint', ({ checkpointEpoch }) => (checkpointEpoch ?? 0) >= 3);
    const attempt = await until('the attempt is known', async () =>
      (await attemptProcesses(server.home)).find(({ jobId }) => jobId === job.id),
    );
    await kill9(attempt.pid);
    await jobWhen(client, job.id, 'succeeds', ({ state }) => state === 'SUCCEEDED');
    await client.mutate('mutation ($input: ReproduceRunInput!) { reproduceRun(input: $input) { userErrors { code message } } }', {
      runId: job.runId,
    });
  }

  /** A run of a program at a commit with its data set, a model with changes that no commit holds, and a version with pinned packages. */
  async function whatMlflowClientsSend(): Promise<void> {
    const { post, put } = mlflowClient(server);
    const git = (name: string, value: string) => ({ key: `mlflow.source.git.${name}`, value });
    const tags = [
      { key: 'mlflow.source.name', value: 'train.py' },
      git('commit', 'c0ffee'),
      git('repoURL', 'https://git.example.org/r'),
    ];
    const { run } = (await post('runs/create', { experiment_id: '0', tags })) as unknown as { run: { info: { run_id: string } } };
    const runId = run.info.run_id;
    const dataset = { name: 'iris', digest: 'd1', source_type: 'local', source: 'iris.csv' };
    await post('runs/log-inputs', { run_id: runId, datasets: [{ dataset, tags: [] }] });
    await post('logged-models', {
      experiment_id: '0',
      name: 'm',
      source_run_id: runId,
      tags: [...tags, git('dirty', 'true'), git('diff', '+x')],
    });
    await put(runId, 'model/MLmodel', 'flavors:\n  python_function:\n    env: conda.yaml\n');
    await put(runId, 'model/requirements.txt', 'scikit-learn==1.9.1\n');
    const name = uniqueName('pinned');
    await post('registered-models/create', { name });
    await post('model-versions/create', { name, run_id: runId, source: `mlflow-artifacts:/0/${runId}/artifacts/model` });
  }

  /** Waits until nothing more happens and all of it is drawn. */
  async function drawn(): Promise<void> {
    const open = `select 1 from training_job where state in ('QUEUED', 'RUNNING')
      union all select 1 from training_reproduction where verdict = 'PENDING'
      union all select 1 from model_version where scan is null and source is not null
      union all select 1 from event_log where sequence is null
      union all select 1 from log_cursor where consumer = 'lineage' and position < (select max(sequence) from event_log)`;
    await until('all is drawn', async () => (await ask(server.databaseUrl, open)).length === 0, 60_000);
  }

  async function rebuild(check: boolean): Promise<Rebuilt> {
    const { rebuildLineage } = await client.query<{ rebuildLineage: { rebuilt: Rebuilt } }>(REBUILD, { check });
    return rebuildLineage.rebuilt;
  }

  /** Every row of the graph. */
  async function graph(): Promise<{ nodes: Record<string, unknown>[]; edges: Record<string, unknown>[] }> {
    return {
      nodes: await ask(server.databaseUrl, 'select * from lineage_node order by workspace_id, id'),
      edges: await ask(server.databaseUrl, 'select * from lineage_edge order by workspace_id, from_id, to_id, relation'),
    };
  }

  if (topology === 'embedded')
    test('a platform that has told its stories knows every kind of node that is kept', async () => {
      const { nodes } = await graph();
      // A prediction is answered from its own id: it has no row.
      expect([...new Set(nodes.map(({ kind }) => kind))].sort()).toEqual(
        NODE_KINDS.filter((kind) => kind !== 'prediction').sort(),
      );
    });

  test('the graph that was kept is the one that the log gives, also when all of it was lost', { timeout: 60_000 }, async () => {
    expect(await rebuild(true)).toMatchObject({ differing: 0, differences: [] });
    const kept = await graph();
    await ask(server.databaseUrl, 'truncate lineage_node, lineage_edge');
    expect(await rebuild(false)).toMatchObject({ changed: true, differing: kept.nodes.length + kept.edges.length });
    expect(await graph()).toEqual(kept);
  });

  test(
    'kill -9 in the middle of a rebuild leaves the graph of before, and the next rebuild gives the whole',
    { timeout: 90_000 },
    async () => {
      const whole = await graph();
      await ask(server.databaseUrl, `delete from lineage_node where kind in ('run', 'blob')`);
      await ask(server.databaseUrl, `delete from lineage_edge where relation in ('ran', 'stored_as')`);
      const damaged = await graph();
      const locker = new pg.Client({ connectionString: server.databaseUrl });
      locker.on('error', () => undefined);
      await locker.connect();
      // The nodes are written by then, and the edges are not.
      await locker.query('begin; lock table lineage_edge in share mode');
      const cut = rebuild(false).then(
        () => 'done',
        () => 'cut',
      );
      await until('the edges are to be written', async () => {
        const waiting = `select 1 from pg_locks where relation = 'lineage_edge'::regclass and not granted`;
        return (await ask(server.databaseUrl, waiting)).length > 0;
      });
      await server.kill9();
      expect(await cut).toBe('cut');
      await dropSessions(server.databaseUrl);
      await locker.end();
      expect(await graph()).toEqual(damaged);
      await server.restart();
      await drawn();
      expect(await rebuild(false)).toMatchObject({ changed: true });
      expect(await graph()).toEqual(whole);
    },
  );
});
