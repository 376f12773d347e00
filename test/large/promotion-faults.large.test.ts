import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { APPROVE, CREATE_MODEL, FORCE, READ_REQUEST, REQUEST, type RequestView } from './governance-kit.js';
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
});
