import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aMember,
  ask,
  aTemplate,
  aTraining,
  checkInvariants,
  jobWhen,
  penguins,
  quickSpec,
  Refused,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import {
  APPROVE,
  CREATE_MODEL,
  FORCE,
  mlflowClient,
  READ_REQUEST,
  READ_VERSION,
  REQUEST,
  type RequestView,
  type VersionView,
} from './governance-kit.js';
import { inEachTopology } from './topologies.js';

/** How long after the approval was sent every process is killed: while it is decided on, while the gates are evaluated once more, after the move. */
const MOMENTS_MS = [0, 15, 60, 250, 800];

inEachTopology((start) => {
  let server: Server;
  let admin: Client;
  let approver: Client;
  let versions: [string, string];
  const model = uniqueName('killed');

  beforeAll(async () => {
    server = await start();
    admin = server.client();
    approver = server.client((await aMember(admin, 'approver')).token);
    const { datasetId } = await penguins(admin);
    const stages = [
      {
        name: 'production',
        holds: 'one',
        from: ['none', 'archived'],
        gates: [{ kind: 'data_valid' }, { kind: 'not_worse', d: 1, minRowsPerClass: 1 }],
        approvals: 1,
      },
      { name: 'archived', holds: 'many', from: ['none', 'production'] },
    ];
    await admin.mutate(CREATE_MODEL, { name: model, flow: { stages } });
    const templateId = await aTemplate(admin, { datasetId, spec: quickSpec(), registerAs: model });
    const train = async () => {
      const job = await aTraining(admin, templateId);
      return (await jobWhen(admin, job.id, 'has a version', ({ modelVersions }) => modelVersions.length === 1)).modelVersions[0]!
        .id;
    };
    versions = [await train(), await train()];
    await admin.mutate(FORCE, { versionId: versions[0], stage: 'production', reason: 'the first one of this test' });
  }, 120_000);
  afterAll(() => server?.stop());

  const requestWhen = (id: string, fits: (request: RequestView) => boolean) =>
    until('the request is as it should be', async () => {
      const { node } = await admin.query<{ node: RequestView }>(READ_REQUEST, { id });
      return fits(node) && node;
    });
  const holders = () =>
    ask<{ id: string }>(
      server.databaseUrl,
      "select v.id from model_version v join model m on m.id = v.model_id where m.name = $1 and v.stage = 'production'",
      [model],
    );

  test.each(MOMENTS_MS.map((ms, i) => [ms, i] as const))(
    'a promotion during which everything is killed %i ms after its approval ends as one move, and never as half of one',
    async (ms, i) => {
      const [challenger, champion] = i % 2 === 0 ? [versions[1], versions[0]] : versions;
      const { stageRequest } = await admin.mutate<{ stageRequest: { id: string } }>(REQUEST, {
        versionId: challenger,
        stage: 'production',
      });
      await requestWhen(stageRequest.id, ({ state }) => state === 'AWAITING_APPROVAL');
      const approving = approver.mutate(APPROVE, { requestId: stageRequest.id }).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await server.kill9();
      await approving;
      await server.restart();
      admin = server.client();
      approver = server.client(approver.token);
      const holding = await holders();
      expect([[champion], [challenger]]).toContainEqual(holding.map(({ id }) => id));
      // The answer was lost, so that the approver does it again: it was taken, or it is taken now.
      const again = await approver.mutate(APPROVE, { requestId: stageRequest.id }).catch((error: unknown) => error);
      if (again instanceof Error) expect(again).toMatchObject({ code: 'CONFLICT' } satisfies Partial<Refused>);
      const done = await requestWhen(stageRequest.id, ({ state }) => state === 'DONE');
      expect(done.evidence.recheckedAt).toMatch(/^\d{4}-/);
      expect((await holders()).map(({ id }) => id)).toEqual([challenger]);
      const moves = await ask(
        server.databaseUrl,
        `select 1 from event_log where type = 'io.tailrace.model_version.stage_changed.v1' and data ->> 'requestId' = $1 and data ->> 'to' = 'production'`,
        [stageRequest.id],
      );
      expect(moves).toHaveLength(1);
      await checkInvariants(server.databaseUrl);
    },
    90_000,
  );

  describe('R41: two users at the same moment', { timeout: 60_000 }, () => {
    const ROUNDS = 5;
    const stages = [
      { name: 'production', holds: 'one', from: ['none', 'archived'], approvals: 1 },
      { name: 'archived', holds: 'many', from: ['none', 'production'] },
    ];
    /** Versions of a new model whose flow has no gates. */
    async function registered(count: number): Promise<string[]> {
      const name = uniqueName('raced');
      await admin.mutate(CREATE_MODEL, { name, flow: { stages } });
      const { post } = mlflowClient(server);
      for (let each = 0; each < count; each++) {
        const { run } = (await post('runs/create', { experiment_id: '0' })) as unknown as { run: { info: { run_id: string } } };
        await post('model-versions/create', { name, run_id: run.info.run_id, source: 's3://bucket/model' });
      }
      const rows = await ask<{ id: string }>(
        server.databaseUrl,
        'select v.id from model_version v join model m on m.id = v.model_id where m.name = $1 order by v.number',
        [name],
      );
      return rows.map(({ id }) => id);
    }
    async function awaiting(versionId: string): Promise<string> {
      const { stageRequest } = await admin.mutate<{ stageRequest: { id: string } }>(REQUEST, { versionId, stage: 'production' });
      await requestWhen(stageRequest.id, ({ state }) => state === 'AWAITING_APPROVAL');
      return stageRequest.id;
    }
    const stageOf = async (id: string) => (await admin.query<{ node: VersionView }>(READ_VERSION, { id })).node.stage;
    /** What somebody did to it, as the audit has it. */
    async function audited(subjectId: string, memberId: string): Promise<string[]> {
      const query =
        'query ($s: ID, $m: ID) { audit(first: 100, where: { subjectId: $s, memberId: $m }) { edges { node { action } } } }';
      type Found = { audit: { edges: { node: { action: string } }[] } };
      const { audit } = await admin.query<Found>(query, { s: subjectId, m: memberId });
      return audit.edges.map(({ node }) => node.action);
    }
    const CONFLICT = { status: 'rejected', reason: { code: 'CONFLICT' } };

    test('they approve two versions: one wins, the other is told, its request has ended, and the audit has both', async () => {
      const members = [await aMember(admin, 'approver'), await aMember(admin, 'approver')];
      for (let round = 0; round < ROUNDS; round++) {
        const versions = await registered(2);
        const requests = [await awaiting(versions[0]!), await awaiting(versions[1]!)];
        const outcomes = await Promise.allSettled(
          members.map(({ token }, i) => server.client(token).mutate(APPROVE, { requestId: requests[i] })),
        );
        const won = outcomes.findIndex(({ status }) => status === 'fulfilled');
        const lost = 1 - won;
        expect(outcomes[lost]).toMatchObject(CONFLICT);
        expect([await stageOf(versions[won]!), await stageOf(versions[lost]!)]).toEqual(['production', 'none']);
        expect(await audited(requests[won]!, members[won]!.id)).toEqual(['model_version.approved']);
        expect(await audited(requests[lost]!, members[lost]!.id)).toEqual(['model_version.request_expired']);
      }
    });

    test('one promotes while the other rolls back: the one that stood there stands there, and the audit has both', async () => {
      const manager = await aMember(admin, 'approver');
      const [old, ...others] = (await registered(1 + ROUNDS)) as [string, ...string[]];
      const force = (versionId: string, stage: string) =>
        admin.mutate(FORCE, { versionId, stage, reason: 'what is new is no good' });
      await force(old, 'production');
      for (const versionId of others) {
        await force(old, 'archived');
        const requestId = await awaiting(versionId);
        const [promoted, back] = await Promise.allSettled([
          server.client(manager.token).mutate(APPROVE, { requestId }),
          force(old, 'production'),
        ]);
        expect(back).toMatchObject({ status: 'fulfilled' });
        const action = promoted.status === 'fulfilled' ? 'model_version.approved' : 'model_version.request_expired';
        if (promoted.status === 'rejected') expect(promoted).toMatchObject(CONFLICT);
        expect(await audited(requestId, manager.id)).toEqual([action]);
        expect([await stageOf(old), await stageOf(versionId)]).toEqual([
          'production',
          promoted.status === 'fulfilled' ? 'archived' : 'none',
        ]);
      }
      await checkInvariants(server.databaseUrl);
    });
  });
});
