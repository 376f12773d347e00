import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aMember,
  aTemplate,
  aTraining,
  checkInvariants,
  jobWhen,
  penguins,
  quickSpec,
  uniqueName,
  until,
  type Client,
  type Server,
} from '#testing';
import { APPROVE, CREATE_MODEL, READ_REQUEST, REQUEST, type RequestView } from './governance-kit.js';
import { inEachTopology } from './topologies.js';

const RETRACT =
  'mutation ($input: RetractDatasetVersionInput!) { retractDatasetVersion(input: $input) { datasetVersion { state reason } userErrors { code message field } } }';
const RESTING = `{ restingOnInvalid(stage: "production") { items { version { id } model { label } restsOn { id state } } } }`;
const RUN = 'query ($id: ID!) { run(id: $id) { status datasetVersions { state reason } } }';

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    // Leases as long as on a platform of people: nothing is killed here.
    server = await start({ TAILRACE_LEASE_SECONDS: '60', TAILRACE_HEARTBEAT_SECONDS: '5' });
    client = server.client();
  });
  afterAll(() => server?.stop());

  async function trained(templateId: string): Promise<{ runId: string; versionId: string }> {
    const { id, runId } = await aTraining(client, templateId);
    const done = await jobWhen(client, id, 'is registered', ({ modelVersions }) => modelVersions.length === 1);
    return { runId, versionId: done.modelVersions[0]!.id };
  }

  async function asked(versionId: string): Promise<{ id: string; request: RequestView }> {
    const { stageRequest } = await client.mutate<{ stageRequest: { id: string } }>(REQUEST, { versionId, stage: 'production' });
    const request = await until('the gates are evaluated', async () => {
      const { node } = await client.query<{ node: RequestView }>(READ_REQUEST, { id: stageRequest.id });
      return node.state !== 'EVALUATING' && node;
    });
    return { id: stageRequest.id, request };
  }

  test(
    'what stands in production on data that were retracted is found, and nothing more comes there',
    { timeout: 90_000 },
    async () => {
      const { datasetId, versionId: data } = await penguins(client);
      const model = uniqueName('model');
      const gates = [{ kind: 'data_valid' }, { kind: 'better', d: 0, minRowsPerClass: 1 }];
      await client.mutate(CREATE_MODEL, { name: model, productionGates: gates });
      const templateId = await aTemplate(client, { datasetId, spec: quickSpec(), registerAs: model });
      const first = await trained(templateId);
      const second = await trained(templateId);
      const approver = server.client((await aMember(client, 'approver')).token);
      const { id: requestId } = await asked(first.versionId);
      await approver.mutate(APPROVE, { requestId });
      expect((await client.query<{ restingOnInvalid: { items: unknown[] } }>(RESTING)).restingOnInvalid.items).toEqual([]);

      const reason = 'the labels were swapped';
      const { datasetVersion } = await client.mutate<{ datasetVersion: object }>(RETRACT, { versionId: data, reason });
      expect(datasetVersion).toEqual({ state: 'RETRACTED', reason });
      const found = await until('lineage knows', async () => {
        const { restingOnInvalid } = await client.query<{ restingOnInvalid: { items: object[] } }>(RESTING);
        return restingOnInvalid.items.length > 0 && restingOnInvalid.items;
      });
      expect(found).toEqual([
        { version: { id: first.versionId }, model: { label: model }, restsOn: [{ id: data, state: 'RETRACTED' }] },
      ]);
      const { run } = await client.query<{ run: object }>(RUN, { id: first.runId });
      expect(run).toEqual({ status: 'FINISHED', datasetVersions: [datasetVersion] });

      const { request } = await asked(second.versionId);
      expect(request).toMatchObject({
        state: 'BLOCKED',
        gates: [
          { outcome: 'failed', message: 'the data set version is RETRACTED' },
          { outcome: 'unknown', message: expect.stringContaining('data that do not stand') },
        ],
      });
      await expect(aTraining(client, templateId)).rejects.toMatchObject({ code: 'NOT_READY' });
      await checkInvariants(server.databaseUrl);
    },
  );
});
