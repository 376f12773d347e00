import { createLogger } from '#telemetry';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeInputs } from '#engine-onnx';
import { Unavailable } from './control-client.js';
import { ModelHost } from './model-host.js';
import { inputsOf, penguins, revisionOf, trainPenguins, WORKSPACE, type TrainedModel } from './testing.js';

let trained: TrainedModel;
let host: ModelHost;
let isDown: boolean;

beforeAll(async () => {
  trained = await trainPenguins();
});

beforeEach(() => {
  isDown = false;
  host = new ModelHost(
    async () => {
      if (isDown) throw new Unavailable('down');
      return trained.onnx;
    },
    createLogger('silent', 'test'),
  );
});

afterEach(() => host.close());

function served() {
  return host.find(WORKSPACE, 'penguins')?.served;
}

describe('ModelHost', () => {
  it('closes a replaced model only when its last holder has let go', async () => {
    await host.apply([revisionOf(trained)]);
    const old = served()!.hold().hold();
    await host.apply([revisionOf(trained)]);
    expect(served()).not.toBe(old);
    const inputs = decodeInputs(trained.signature, inputsOf(trained.signature, penguins(), [0]));
    old.release();
    await expect(old.predict(inputs)).resolves.toHaveProperty('label');
    old.release();
    await expect(old.predict(inputs)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('comes back to a revision that was replaced', async () => {
    const [a, b] = [revisionOf(trained), revisionOf(trained)];
    for (const revision of [a, b, a]) await host.apply([revision]);
    expect(served()?.revision.revisionId).toBe(a.revisionId);
    await Promise.all([host.apply([b]), host.apply([a]), host.apply([b])]);
    expect(host.observed()).toEqual([{ revisionId: b.revisionId, state: 'ready' }]);
  });

  it('puts off what cannot be had now, and says neither ready nor failed', async () => {
    isDown = true;
    const revision = revisionOf(trained);
    await host.apply([revision]);
    expect(host.observed()).toEqual([]);
    isDown = false;
    await host.apply([revision]);
    expect(host.observed()).toEqual([{ revisionId: revision.revisionId, state: 'ready' }]);
  });

  it('knows an endpoint by its new name and project at once', async () => {
    const revision = revisionOf(trained);
    await host.apply([revision]);
    await host.apply([{ ...revision, endpoint: 'birds', project: '/moved' }]);
    expect(served()).toBeUndefined();
    expect(host.find(WORKSPACE, 'birds')).toMatchObject({ desired: { project: '/moved' }, served: expect.anything() });
  });
});
