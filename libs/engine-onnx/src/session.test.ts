import onnxProto, { type onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { loadOnnx } from './session.js';

const FLOAT = 1;
const input = (name: string, elemType = FLOAT): onnx.IValueInfoProto => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [{ dimParam: 'N' }, { dimValue: 2 }] } } },
});
const weights = (change: Partial<onnx.ITensorProto> = {}): onnx.ITensorProto => ({
  name: 'w',
  dims: [1, 2],
  dataType: FLOAT,
  rawData: new Uint8Array(Float32Array.of(10, 20).buffer),
  ...change,
});

/** y = x + w, with w as given. */
function adder(graph: Partial<onnx.IGraphProto> = {}, model: Partial<onnx.IModelProto> = {}): Uint8Array {
  const node = [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }];
  return onnxProto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: { name: 'g', node, initializer: [weights()], input: [input('x')], output: [input('y')], ...graph },
    ...model,
  }).finish();
}

const EXTERNAL = weights({ rawData: undefined, dataLocation: 1, externalData: [{ key: 'location', value: '/etc/passwd' }] });

describe('loadOnnx', () => {
  it('runs a model and tells its inputs and outputs', async () => {
    const model = await loadOnnx(adder());
    expect(model.inputs).toEqual([{ name: 'x', datatype: 'FP32', shape: [-1, 2] }]);
    expect(model.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [-1, 2] }]);
    const { y } = await model.run({ x: { datatype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } });
    expect(y).toEqual({ datatype: 'FP32', shape: [2, 2], data: Float32Array.of(11, 22, 13, 24) });
    await model.close();
  });

  it.each([
    ['an initializer', adder({ initializer: [EXTERNAL] })],
    ['the location alone', adder({ initializer: [weights({ dataLocation: 1 })] })],
    ['a sparse initializer', adder({ sparseInitializer: [{ values: EXTERNAL }] })],
    [
      'an attribute',
      adder({ node: [{ opType: 'Constant', output: ['y'], attribute: [{ name: 'value', type: 4, t: EXTERNAL }] }] }),
    ],
    ['a subgraph of a subgraph', adder({ node: [nest(nest({ opType: 'Identity' }, EXTERNAL))] })],
    ['a function', adder({}, { functions: [{ name: 'f', node: [nest({ opType: 'Identity' }, EXTERNAL)] }] })],
    ['a training graph', adder({}, { trainingInfo: [{ algorithm: { initializer: [EXTERNAL] } }] })],
  ])('refuses data outside the file in %s', async (_, bytes) => {
    await expect(loadOnnx(bytes)).rejects.toMatchObject({
      code: 'BAD_MODEL',
      message: expect.stringContaining('"w" is stored outside the file'),
    });
  });

  it('refuses garbage, truncated and oversized models with a bounded message', async () => {
    const good = adder();
    const random = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919 + 13) % 251);
    for (const bytes of [random, good.subarray(0, good.length - 5), new Uint8Array(0), Buffer.from('<html>not found</html>')]) {
      const error: Error = await loadOnnx(bytes).then(
        () => new Error('loaded'),
        (reason: Error) => reason,
      );
      expect(error).toMatchObject({ code: 'BAD_MODEL' });
      expect(error.message.length).toBeLessThan(400);
    }
    await expect(loadOnnx(good, { maxBytes: 10 })).rejects.toMatchObject({ code: 'BAD_MODEL', message: /at most 10/ });
    await expect(loadOnnx('/nowhere/model.onnx')).rejects.toMatchObject({
      code: 'BAD_MODEL',
      message: 'the model file cannot be read (ENOENT)',
    });
  });

  it('refuses what onnxruntime cannot run', async () => {
    const unknown = adder({ node: [{ opType: 'NoSuchOperator', input: ['x'], output: ['y'] }] });
    await expect(loadOnnx(unknown)).rejects.toMatchObject({
      code: 'BAD_MODEL',
      message: expect.stringContaining('NoSuchOperator'),
    });
  });

  it('reports feeds that the runtime refuses', async () => {
    const model = await loadOnnx(adder());
    const wrong = model.run({ x: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 2, 3) } });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(model.run({ z: { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await model.close();
  });

  it('finishes running calls on close; closing twice does nothing, running afterwards fails', async () => {
    const model = await loadOnnx(adder());
    const feeds = { x: { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) } } as const;
    const runs = [model.run(feeds), model.run(feeds)];
    await Promise.all([model.close(), model.close()]);
    for (const result of await Promise.all(runs)) expect(result['y']!.data).toEqual(Float32Array.of(11, 22));
    await model.close();
    await expect(model.run(feeds)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('gives FP16 as bit patterns', async () => {
    const half = adder({
      node: [{ opType: 'Cast', input: ['x'], output: ['y'], attribute: [{ name: 'to', type: 2, i: 10 }] }],
      output: [input('y', 10)],
    });
    const model = await loadOnnx(half);
    const { y } = await model.run({ x: { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, -2) } });
    expect(y).toEqual({ datatype: 'FP16', shape: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) });
    await model.close();
  });
});

/** A node whose attribute is a graph that holds `node` and perhaps a tensor. */
function nest(node: onnx.INodeProto, tensor?: onnx.ITensorProto): onnx.INodeProto {
  const g = { name: 'sub', node: [node], initializer: tensor ? [tensor] : [] };
  return { opType: 'If', output: ['y'], attribute: [{ name: 'then_branch', type: 5, g }] };
}
