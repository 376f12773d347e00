import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { LATENCY_BOUNDS_MS, type RevisionTraffic } from '#contracts';
import { DeploymentService, TrafficService, TrafficView } from '#deployment';
import { RegistryView } from '#registry';
import { blob, candidate, name } from './builders.js';
import { registryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let admin: Ctx;
beforeAll(async () => {
  stack = await startStack();
  admin = await stack.member('admin');
});
afterAll(() => stack.close());

test('sums of nodes and starts are added up, a report that comes twice or late changes nothing', async () => {
  const model = name('served');
  const versionId = await candidate(stack, admin, model);
  const onnx = await blob(stack, admin);
  await stack.rows(`update model_version set files = jsonb_build_object('model.onnx', $2::text) where id = $1`, [
    versionId,
    onnx,
  ]);
  await registryKit(stack, admin).stages.move(admin, { id: versionId }, { stage: 'staging' });
  const [version] = await stack.app.get(RegistryView).versionsByIds(admin, [versionId]);
  await stack.app
    .get(DeploymentService)
    .createEndpoint(admin, { name: name('endpoint'), modelId: version!.modelId, stage: 'staging' });
  const [endpoint] = await stack.rows<{ id: string }>('select id from endpoint where model_id = $1', [version!.modelId]);
  await stack.rows(
    `insert into endpoint_revision (id, workspace_id, endpoint_id, number, model_version_id, model_version, onnx_blob, signature)
     values ('rev_1', $1, $2, 1, $3, 1, $4, '{}')`,
    [stack.workspaceId, endpoint!.id, versionId, onnx],
  );
  const latency = (bins: Record<number, number>) => Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, (_, i) => bins[i] ?? 0);
  const sums = (requests: number, bins: Record<number, number>, classes = {}): RevisionTraffic => ({
    revisionId: 'rev_1',
    requests,
    rows: requests * 2,
    refused: 1,
    errors: 0,
    latency: latency(bins),
    classes,
  });
  const service = stack.app.get(TrafficService);
  const report = (nodeId: string, bootId: string, ...revisions: RevisionTraffic[]) =>
    service.record({ nodeId, bootId, revisions });
  await report('n1', 'b1', sums(10, { 0: 9 }, { a: 15, b: 5 }), { ...sums(1, {}), revisionId: 'rev_unknown' });
  await report('n1', 'b1', sums(20, { 0: 18, 12: 1 }, { a: 30, b: 10 }));
  await report('n1', 'b1', sums(10, { 0: 9 }, { a: 15, b: 5 }));
  await report('n1', 'b2', sums(5, { 3: 4 }, { b: 10 }));
  await report('n2', 'b3', sums(5, { 3: 4 }));
  const view = stack.app.get(TrafficView);
  expect(await view.byVersions(admin, [versionId])).toMatchObject([
    {
      modelVersionId: versionId,
      requests: 30,
      rows: 60,
      refused: 3,
      errors: 0,
      p50Ms: 1,
      p95Ms: 10,
      classes: [
        { name: 'a', rows: 30 },
        { name: 'b', rows: 20 },
      ],
    },
  ]);
  const elsewhere = { ...admin, principal: { ...admin.principal, grants: [{ path: '/other', role: 'admin' }] } } as Ctx;
  expect(await view.byVersions(elsewhere, [versionId])).toEqual([]);
});
