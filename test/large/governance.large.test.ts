import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  aDataset,
  aMember,
  aTemplate,
  aTraining,
  aVersion,
  checkInvariants,
  jobWhen,
  penguinsCsv,
  quickSpec,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import { runGovernanceDemo } from '../../apps/cli/src/demo/governance/governance.js';
import {
  APPROVE,
  Check,
  COMPARE,
  CREATE_ENDPOINT,
  CREATE_FLOW,
  CREATE_MODEL,
  DRIFT,
  FORCE,
  inputsOf,
  mlflowClient,
  PRODUCTION,
  READ_REQUEST,
  READ_VERSION,
  REQUEST,
  shifted,
  type Production,
  type RequestView,
  type VersionView,
} from './governance-kit.js';
import { verify } from '../medium/webhooks-listener.js';
import { inEachTopology } from './topologies.js';

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  let approver: Client;
  let check: Check;
  let flowId: string;
  let datasetId: string;
  let templateId: string;
  let checkSecret: string;
  const model = uniqueName('governed');

  beforeAll(async () => {
    check = await Check.start();
    // Leases as long as on a platform of people: nothing is killed here.
    server = await start({
      TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8',
      TAILRACE_LEASE_SECONDS: '60',
      TAILRACE_HEARTBEAT_SECONDS: '5',
    });
    client = server.client();
    approver = server.client((await aMember(client, 'approver')).token);
    datasetId = await aDataset(client);
    const rotate =
      'mutation ($input: RotateCheckSecretInput!) { rotateCheckSecret(input: $input) { secret userErrors { code message field } } }';
    checkSecret = (await client.mutate<{ secret: string }>(rotate, {})).secret;
  }, 120_000);
  afterAll(async () => {
    check?.stop();
    await server?.stop();
  });

  const request = async (versionId: string, stage: string, state: string): Promise<RequestView & { id: string }> => {
    const { stageRequest } = await client.mutate<{ stageRequest: { id: string } }>(REQUEST, { versionId, stage });
    return { ...(await requestWhen(stageRequest.id, state)), id: stageRequest.id };
  };
  const requestWhen = (id: string, state: string) =>
    until(
      `the request is ${state}`,
      async () => {
        const { node } = await client.query<{ node: RequestView }>(READ_REQUEST, { id });
        if (node.state !== state && ['BLOCKED', 'DONE', 'STALE'].includes(node.state))
          throw new Error(`it is ${JSON.stringify(node)}`);
        return node.state === state && node;
      },
      45_000,
    );
  const versionWhen = (id: string, what: string, fits: (version: VersionView) => boolean) =>
    until(`the version ${what}`, async () => {
      const { node } = await client.query<{ node: VersionView }>(READ_VERSION, { id });
      return fits(node) && node;
    });
  const train = async (): Promise<string> => {
    const job = await aTraining(client, templateId);
    return (await jobWhen(client, job.id, 'has a version', ({ modelVersions }) => modelVersions.length === 1)).modelVersions[0]!
      .id;
  };

  test('appended data that has shifted is drift, by event, and what is compared with a named version too', async () => {
    const lines = penguinsCsv().trim().split('\n');
    const first = lines.slice(0, 201).join('\n');
    const one = await aVersion(client, datasetId, first);
    const two = await aVersion(client, datasetId, `${first}\n${lines.slice(201, 301).join('\n')}`);
    const three = await aVersion(
      client,
      datasetId,
      `${first}\n${lines.slice(201, 301).join('\n')}\n${shifted(penguinsCsv(), 0, 200)}`,
    );
    type Drift = {
      datasetVersion: { profile: { drift: { mode: string; added: number; drifted: boolean; worst: { column: string } } | null } };
    };
    const driftOf = (id: string) =>
      until('it is compared', async () => (await client.query<Drift>(DRIFT, { id })).datasetVersion.profile.drift ?? false);
    expect(await driftOf(two.id)).toMatchObject({ mode: 'appended', added: 100 });
    expect(await driftOf(three.id)).toMatchObject({
      mode: 'appended',
      added: 200,
      drifted: true,
      worst: { column: 'Beak Length (mm)' },
    });
    const { events } = await client.query<{ events: { subject: string; data: { columns: string[] } }[] }>(
      '{ events(first: 1000, types: ["dataset_version.drift_detected"]) { subject data } }',
    );
    expect(events.find(({ subject }) => subject === `dataset_version/${three.id}`)?.data.columns).toContain('Beak Length (mm)');
    await client.mutate(COMPARE, { versionId: three.id, againstId: one.id });
    const named = await until('it is compared with the first', async () => {
      const query = 'query ($v: ID!, $a: ID!) { datasetComparisons(versionId: $v, againstId: $a) { against mode added } }';
      const { datasetComparisons } = await client.query<{ datasetComparisons: unknown[] }>(query, { v: three.id, a: one.id });
      return datasetComparisons.length > 0 && datasetComparisons;
    });
    expect(named).toEqual([{ against: one.id, mode: 'appended', added: 300 }]);
  }, 60_000);

  test('a version comes into production past every kind of gate, whose evidence is frozen with the hashes of its files', async () => {
    const gates = [
      { kind: 'data_valid' },
      { kind: 'metric_min', metric: 'test_accuracy', min: 0.2 },
      { kind: 'metric_max', metric: 'loss', max: 5, source: 'logged' },
      { kind: 'parity_max', max: 0.001 },
      { kind: 'not_worse', d: 0.9, minRowsPerClass: 1 },
      { kind: 'signature_compatible' },
      { kind: 'files_scanned' },
      { kind: 'size_max', bytes: 100_000_000 },
      { kind: 'http_check', name: 'review', url: check.url },
    ];
    const stages = [
      { name: 'production', holds: 'one', from: ['none', 'archived'], gates, approvals: 1 },
      { name: 'archived', holds: 'many', from: ['none', 'production'] },
    ];
    flowId = (await client.mutate<{ stageFlow: { id: string } }>(CREATE_FLOW, { name: uniqueName('flow'), flow: { stages } }))
      .stageFlow.id;
    expect(flowId).toMatch(/^flw_/);
    await client.mutate(CREATE_MODEL, { name: model, flow: { stages } });
    templateId = await aTemplate(client, { datasetId, spec: quickSpec(), registerAs: model });
    const versionId = await train();
    const version = await versionWhen(versionId, 'is scanned', ({ scan }) => scan !== null);
    expect(version.scan).toMatchObject({ outcome: 'clean', problems: [] });
    expect(version.scan!.formats.map(({ name }) => name)).toEqual(['onnx', 'tfjs']);
    expect(version.files.every(({ size }) => size > 0)).toBe(true);
    expect(version.example!.outputs.probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    const asked = await request(versionId, 'production', 'AWAITING_APPROVAL');
    expect(asked.gates.map(({ gate, outcome }) => [gate.kind, outcome])).toEqual(gates.map(({ kind }) => [kind, 'passed']));
    expect(asked.gates.find(({ gate }) => gate.kind === 'metric_max')!.message).toMatch(/, as a client logged it$/);
    expect(asked.evidence.manifest.map(({ path }) => path)).toEqual(version.files.map(({ name }) => name));
    expect(check.asked.at(-1)).toMatchObject({ version: { id: versionId }, champion: null });
    expect(verify(check.calls.at(-1)!, checkSecret)).toEqual(check.asked.at(-1));
    await approver.mutate(APPROVE, { requestId: asked.id });
    await versionWhen(versionId, 'stands in production', ({ stage }) => stage === 'production');
  }, 120_000);

  test('what it answers in production stands beside the figures of its training', async () => {
    const query =
      'query ($name: String!) { models(first: 1, where: { name: $name }) { edges { node { id standing(stage: "production") { version { id } } } } } }';
    const { models } = await client.query<{
      models: { edges: { node: { id: string; standing: { version: { id: string } }[] } }[] };
    }>(query, { name: model });
    const { id: modelId, standing } = models.edges[0]!.node;
    const name = uniqueName('endpoint');
    await client.mutate(CREATE_ENDPOINT, { name, follows: { modelId, stage: 'production' } });
    const { node: version } = await client.query<{ node: VersionView }>(READ_VERSION, { id: standing[0]!.version.id });
    const inputs = inputsOf(version);
    const infer = (body: object) =>
      fetch(`${server.url}/v2/models/${name}/infer`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await until('it answers', async () => (await infer({ inputs })).status === 200);
    expect((await infer({ inputs: [] })).status).toBe(400);
    const production = await until('its figures are here', async () => {
      const { node } = await client.query<{ node: { production: Production | null } }>(PRODUCTION, {
        id: standing[0]!.version.id,
      });
      return (node.production?.refused ?? 0) > 0 && node.production;
    });
    expect(production).toMatchObject({ refused: 1, errors: 0 });
    expect(production && production.classes.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(0);
  }, 60_000);

  test('the next one is compared with it by a bootstrap, and once more at the move; a check that says no blocks', async () => {
    const versionId = await train();
    check.answer = { status: 200, body: '{"passed": false, "message": "no bias report"}' };
    const blocked = await request(versionId, 'production', 'BLOCKED');
    expect(blocked.gates.at(-1)).toMatchObject({ outcome: 'failed', message: 'review: no bias report' });
    check.answer = { status: 500, body: 'oops' };
    const unknown = await request(versionId, 'production', 'BLOCKED');
    expect(unknown.gates.at(-1)).toMatchObject({ outcome: 'unknown', message: 'review: it answered 500, not 200' });
    check.answer = { status: 200, body: '{"passed": true}' };
    const asked = await request(versionId, 'production', 'AWAITING_APPROVAL');
    const gate = asked.gates.find(({ gate: { kind } }) => kind === 'not_worse')!;
    expect(gate.message).toMatch(
      /f1_macro differs by [+-][\d.]+ from version 1 on the same \d+ test rows; with 95 % confidence by at least/,
    );
    expect(asked.evidence.comparison!.differences).toMatchObject([{ score: 'f1_macro', resamples: 2000, confidence: 0.95 }]);
    await approver.mutate(APPROVE, { requestId: asked.id });
    const done = await requestWhen(asked.id, 'DONE');
    expect(done.evidence.recheckedAt).toMatch(/^\d{4}-/);
    expect(done.version.stage).toBe('production');
  }, 120_000);

  test('an emergency brings the one before back at once, and the history tells of it', async () => {
    const { models } = await client.query<{
      models: {
        edges: {
          node: {
            id: string;
            standing: { version: { id: string } }[];
            versions: { edges: { node: { id: string; stage: string } }[] };
          };
        }[];
      };
    }>(
      'query ($name: String!) { models(first: 1, where: { name: $name }) { edges { node { id standing(stage: "production") { version { id } } versions(first: 10) { edges { node { id stage } } } } } } }',
      { name: model },
    );
    const node = models.edges[0]!.node;
    const old = node.versions.edges.find((edge) => edge.node.stage === 'archived')!.node.id;
    await client.mutate(FORCE, { versionId: old, stage: 'production', reason: 'version 2 answers with errors' });
    const { node: after } = await client.query<{
      node: { stageHistory: { edges: { node: { forced: boolean; reason: string | null; leftAt: string | null } }[] } };
    }>(
      'query ($id: ID!) { node(id: $id) { ... on Model { stageHistory(stage: "production") { edges { node { forced reason leftAt version { id } } } } } } }',
      { id: node.id },
    );
    expect(after.stageHistory.edges.map(({ node: stay }) => [stay.forced, stay.leftAt === null])).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ]);
  });

  test("what an MLflow client registers is scanned: hostile files are named, its description's signature is read", async () => {
    const { post, put } = mlflowClient(server);
    const { run } = (await post('runs/create', { experiment_id: '0' })) as unknown as { run: { info: { run_id: string } } };
    const runId = run.info.run_id;
    const inputs = JSON.stringify([{ name: 'x', type: 'double', required: true }]);
    await put(
      runId,
      'model/MLmodel',
      `flavors:\n  python_function: {}\nsignature:\n  inputs: '${inputs}'\n  outputs: '[{"type": "long"}]'\n`,
    );
    await put(runId, 'model/model.pkl', "cposix\nsystem\n(S'id'\ntR.");
    const name = uniqueName('hostile');
    await post('registered-models/create', { name });
    await post('model-versions/create', { name, source: `runs:/${runId}/model`, run_id: runId });
    const query =
      'query ($name: String!) { models(first: 1, where: { name: $name }) { edges { node { versions(first: 10) { edges { node { id } } } } } } }';
    const { models } = await client.query<{ models: { edges: { node: { versions: { edges: { node: { id: string } }[] } } }[] } }>(
      query,
      { name },
    );
    const version = await versionWhen(
      models.edges[0]!.node.versions.edges[0]!.node.id,
      'is scanned',
      ({ scan }) => scan !== null,
    );
    expect(version.scan).toMatchObject({ outcome: 'refused' });
    expect(version.scan!.problems.map(({ path, code }) => [path, code])).toEqual([
      ['model.pkl', 'PICKLE_IMPORTS'],
      ['model.pkl', 'PICKLE'],
    ]);
    expect(version.files.map(({ name: file }) => file)).toEqual(['MLmodel', 'model.pkl']);
    expect(version.signature!.inputs).toEqual([{ name: 'x', datatype: 'FP64', shape: [-1, 1] }]);
  }, 60_000);

  test('the story of one model over a quarter, and the answers to what an auditor asks', async () => {
    const said: string[] = [];
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const { url, token } = server;
    const outcome = await runGovernanceDemo({ url, token }).catch((error: unknown) => error);
    stdout.mockRestore();
    expect(outcome, said.slice(-20).join('')).toBeUndefined();
  }, 120_000);

  test('leaves every invariant whole', () => checkInvariants(server.databaseUrl));
});
