import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import onnxProto, { type onnx } from 'onnx-proto';
import tar from 'tar-stream';
import { afterAll, describe, expect, test } from 'vitest';
import { childEntry, runChild } from '#process';
import { MAX_ENTRIES } from './entry-paths.js';
import { scan, type ScannedFile } from './scan.js';
import { zipOf } from './zip-writer.testing.js';

const root = mkdtempSync(join(tmpdir(), 'tailrace-scan-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function fileOf(path: string, content: Buffer | string): ScannedFile {
  const local = join(root, String(count++));
  writeFileSync(local, content);
  return { path, local, size: Buffer.byteLength(content) };
}
const scanned = (files: Readonly<Record<string, Buffer | string>>) =>
  scan(Object.entries(files).map(([path, content]) => fileOf(path, content)));
const codes = async (files: Readonly<Record<string, Buffer | string>>) => {
  const { outcome, problems } = await scanned(files);
  return { outcome, codes: [...new Set(problems.map(({ code }) => code))] };
};

async function tarOf(...headers: (Partial<tar.Header> & { content?: string })[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { content = '', ...header } of headers) pack.entry(header as tar.Header, content);
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** y = x + w. */
function onnxModel(graph: Partial<onnx.IGraphProto> = {}): Buffer {
  const weights = { name: 'w', dims: [1, 2], dataType: 1, rawData: new Uint8Array(8) };
  const node = [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }];
  const model = {
    irVersion: 8,
    graph: { name: 'g', node, initializer: [weights], input: [{ name: 'x' }], output: [{ name: 'y' }], ...graph },
  };
  return Buffer.from(onnxProto.onnx.ModelProto.encode(model).finish());
}
const outside = (location: string) => ({
  initializer: [{ name: 'w', dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: location }] }],
});

const tfjsModel = (paths: string[], layers: object[] = [{ class_name: 'Dense' }, { class_name: 'Dense' }]) =>
  JSON.stringify({
    modelTopology: { model_config: { class_name: 'Sequential', config: { layers } } },
    weightsManifest: [{ paths, weights: [{ name: 'k', shape: [4, 3], dtype: 'float32' }] }],
  });

const text = (value: string) => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
/** Protocol 4: module and name by STACK_GLOBAL, with the module recalled from the memo. */
const modernPickle = (module: string, name: string) =>
  Buffer.concat([
    Buffer.from([0x80, 4]),
    text(module),
    Buffer.from([0x94]),
    text('x'),
    Buffer.from([0x94, 0x30, 0x68, 0]),
    text(name),
    Buffer.from([0x93, 0x2e]),
  ]);

describe('a scan', () => {
  test('finds nothing in what holds no code, and says which formats it is', async () => {
    const result = await scanned({
      'model.onnx': onnxModel(),
      'model.json': tfjsModel(['weights.bin']),
      'weights.bin': Buffer.alloc(8),
      'weights.safetensors': safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, 8),
      'notes.txt': 'a text',
    });
    expect(result).toMatchObject({ outcome: 'clean', problems: [] });
    expect(result.formats).toEqual([
      { name: 'onnx', unsafe: false, paths: ['model.onnx'] },
      { name: 'safetensors', unsafe: false, paths: ['weights.safetensors'] },
      { name: 'tfjs', unsafe: false, paths: ['model.json', 'weights.bin'] },
    ]);
    expect(result.graphs).toMatchObject({
      'model.onnx': { operators: { Add: 1 }, parameters: 2 },
      'model.json': { operators: { Dense: 2, Sequential: 1 }, parameters: 12 },
      'weights.safetensors': { parameters: 2 },
    });
  });

  test.each([
    ['a protocol 0 pickle', 'm.pkl', Buffer.from("cos\nsystem\n(S'id'\ntR."), 'os.system'],
    ['a protocol 4 pickle', 'm.joblib', modernPickle('subprocess', 'Popen'), 'subprocess.Popen'],
    ['a pickle by another name', 'weights.bin', modernPickle('builtins', 'eval'), 'builtins.eval'],
    ['a protocol 0 pickle by another name', 'data.dat', Buffer.from("cposix\nsystem\n(S'id'\ntR."), 'posix.system'],
    ['a pickle inside a ZIP file', 'm.zip', zipOf([{ name: 'x.joblib', content: modernPickle('os', 'system') }]), 'os.system'],
    [
      'a pickle inside a PyTorch file',
      'm.pt',
      zipOf([{ name: 'm/data.pkl', content: modernPickle('posix', 'system') }]),
      'posix.system',
    ],
  ])('refuses %s that runs what its maker wants', async (_, path, content, name) => {
    const { outcome, problems } = await scanned({ [path]: content });
    expect(outcome).toBe('refused');
    expect(problems.find(({ code }) => code === 'PICKLE_IMPORTS')?.message).toContain(name);
  });

  test.each([
    ['an honest pickle', { 'm.pkl': modernPickle('sklearn.linear_model', 'LogisticRegression') }, ['PICKLE']],
    ['a pickle that breaks off', { 'm.pkl': modernPickle('numpy', 'ndarray').subarray(0, 9) }, ['PICKLE']],
    ['a pickle that runs before it breaks off', { 'data.dat': Buffer.from("cos\nsystem\n(S'id'\ntR") }, ['PICKLE']],
    ['what joblib packs by zlib', { 'm.joblib': deflateSync(modernPickle('os', 'system')) }, ['NOT_LOOKED_AT']],
    ['what bzip2 packs', { 'm.dat': Buffer.from('BZh91AY') }, ['NOT_LOOKED_AT']],
    ['what xz packs', { m: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) }, ['NOT_LOOKED_AT']],
    ['an archive in an archive', { 'm.zip': zipOf([{ name: 'in.zip' }]) }, ['NOT_LOOKED_AT']],
    ['a program in an archive', { 'm.zip': zipOf([{ name: 'code/x.py' }]) }, ['PROGRAM']],
    ['a program', { 'code/model.py': 'import os' }, ['PYTHON_CODE']],
    ['a Lambda layer of Keras', { 'm.keras': keras([{ class_name: 'Lambda' }]) }, ['LAMBDA_LAYER']],
    ['a Lambda layer of TF.js', { 'model.json': tfjsModel([], [{ class_name: 'Lambda' }]) }, ['LAMBDA_LAYER']],
    ['a saved model', { 'saved_model.pb': 'x' }, ['PROGRAM']],
    [
      'an array of objects',
      { 'a.npy': Buffer.from("\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False}", 'latin1') },
      ['PICKLE'],
    ],
  ])('marks %s as unsafe', async (_, files, expected) => {
    expect(await codes(files as never)).toEqual({ outcome: 'unsafe', codes: expected });
  });

  test.each([
    ['a path upwards', zipOf([{ name: '../../etc/cron.d/x' }]), 'ARCHIVE_PATH'],
    ['an absolute path', zipOf([{ name: '/etc/passwd' }]), 'ARCHIVE_PATH'],
    ['a path of Windows', zipOf([{ name: 'C:\\x' }]), 'ARCHIVE_PATH'],
    ['a path upwards with backslashes', zipOf([{ name: '..\\..\\x' }]), 'ARCHIVE_PATH'],
    ['two entries of one name', zipOf([{ name: 'a' }, { name: 'a' }]), 'ARCHIVE_PATH'],
    ['a link', zipOf([{ name: 'a', mode: 0o120777, content: Buffer.from('/etc/passwd') }]), 'ARCHIVE_LINK'],
    ['a device', zipOf([{ name: 'a', mode: 0o020666 }]), 'ARCHIVE_LINK'],
    ['4 GB in nothing', zipOf([{ name: 'a', saidSize: 4_000_000_000 }]), 'ARCHIVE_BOMB'],
    ['a broken directory', zipOf([{ name: 'a', content: Buffer.alloc(50) }]).subarray(0, 60), 'ARCHIVE_BROKEN'],
  ])('refuses a ZIP file with %s', async (_, content, code) => {
    expect(await codes({ 'model.zip': content })).toEqual({ outcome: 'refused', codes: [code] });
  });

  test('refuses a ZIP file with more entries than any model has', async () => {
    const entries = Array.from({ length: 0xfffe }, (_, i) => ({ name: String(i) }));
    expect((await codes({ 'm.zip': zipOf(entries) })).outcome).toBe('clean');
    const bomb = await tarOf(...Array.from({ length: MAX_ENTRIES + 1 }, (_, i) => ({ name: String(i) })));
    expect(await codes({ 'm.tar': bomb })).toEqual({ outcome: 'refused', codes: ['ARCHIVE_BOMB'] });
  }, 120_000);

  test.each([
    ['a path upwards', { name: '../x', content: 'x' }, 'ARCHIVE_PATH'],
    ['a symbolic link', { name: 'x', type: 'symlink', linkname: '/etc/passwd' }, 'ARCHIVE_LINK'],
    ['a hard link', { name: 'x', type: 'link', linkname: '/etc/passwd' }, 'ARCHIVE_LINK'],
    ['a device', { name: 'x', type: 'character-device' }, 'ARCHIVE_LINK'],
  ] as const)('refuses a TAR file with %s, packed or not', async (_, header, code) => {
    const content = await tarOf({ name: 'fine', content: 'x' }, header);
    expect(await codes({ 'm.tar': content })).toEqual({ outcome: 'refused', codes: [code] });
    expect(await codes({ 'm.tar.gz': gzipSync(content) })).toEqual({ outcome: 'refused', codes: [code] });
  });

  test('marks pickles and programs in a TAR file as unsafe by their names', async () => {
    const content = await tarOf({ name: 'm/model.pkl', content: 'x' }, { name: 'm/load.py', content: 'x' });
    expect(await codes({ 'm.tar': content })).toEqual({ outcome: 'unsafe', codes: ['PROGRAM', 'PICKLE'] });
    expect((await codes({ 'm.tar': await tarOf({ name: 'm/weights.npy', content: 'x' }) })).outcome).toBe('clean');
  });

  test('takes a text for what it is, whatever letters it begins with, and weights too', async () => {
    expect((await codes({ 'weights.bin': Buffer.from([0x78, 0x9c, 0xff, 0xff, 1, 2, 3, 4]), x: 'x' })).outcome).toBe('clean');
    expect(
      (await codes({ 'NOTES.txt': 'could\nbe. so', 'requirements.txt': 'cloudpickle\nmlflow\nnumpy==2.0.1\n' })).outcome,
    ).toBe('clean');
  });

  test('stops a gzip bomb by how it grows', async () => {
    expect(await codes({ 'm.gz': gzipSync(Buffer.alloc(200 * 1024 ** 2)) })).toEqual({
      outcome: 'refused',
      codes: ['ARCHIVE_BOMB', 'NOT_LOOKED_AT'],
    });
    expect(await codes({ 'm.gz': gzipSync('a text') })).toEqual({ outcome: 'unsafe', codes: ['NOT_LOOKED_AT'] });
    expect((await codes({ 'm.gz': gzipSync('a text').subarray(0, 12) })).codes).toContain('ARCHIVE_BROKEN');
  });

  test.each(['../../secrets.bin', '/etc/passwd', 'missing.bin', ''])('refuses ONNX data in %j', async (location) => {
    expect(await codes({ 'm/model.onnx': onnxModel(outside(location)) })).toEqual({
      outcome: 'refused',
      codes: ['EXTERNAL_DATA'],
    });
  });

  test('takes ONNX data beside the model', async () => {
    expect((await codes({ 'm/model.onnx': onnxModel(outside('model.data')), 'm/model.data': 'x' })).outcome).toBe('clean');
  });

  test.each([
    [
      'a circle',
      onnxModel({
        node: [
          { opType: 'Add', input: ['x', 'b'], output: ['a'] },
          { opType: 'Add', input: ['a', 'x'], output: ['b'] },
        ],
      }),
    ],
    ['a truncated message', onnxModel().subarray(0, 20)],
    ['no message', Buffer.from('not a model')],
  ])('refuses %s as ONNX', async (_, content) => {
    expect(await codes({ 'model.onnx': content })).toEqual({ outcome: 'refused', codes: ['BROKEN'] });
  });

  test.each(['https://evil.example/w.bin', '../w.bin', '//evil/w.bin', '/w.bin', 'none.bin', 'file:w.bin'])(
    'refuses TF.js weights in %s',
    async (path) => {
      expect(await codes({ 'm/model.json': tfjsModel([path]) })).toEqual({ outcome: 'refused', codes: ['WEIGHT_PATH'] });
    },
  );

  test.each([
    ['a header longer than the file', Buffer.concat([Buffer.from([255, 255, 255, 0, 0, 0, 0, 0]), Buffer.from('{}')])],
    ['a tensor beyond the end', safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 9] } }, 8)],
  ])('refuses safetensors with %s', async (_, content) => {
    expect(await codes({ 'm.safetensors': content })).toEqual({ outcome: 'refused', codes: ['BROKEN'] });
  });

  test("reads the signature that MLflow's own description has, and no object of YAML", async () => {
    const inputs = JSON.stringify([
      { name: 'x', type: 'double', required: true },
      { name: 'y', type: 'string', required: false },
    ]);
    const outputs = JSON.stringify([{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 3] } }]);
    const mlmodel = `flavors:\n  sklearn: {}\nsignature:\n  inputs: '${inputs}'\n  outputs: '${outputs}'\n`;
    const { signature, formats } = await scanned({ MLmodel: mlmodel });
    expect(signature).toEqual({
      inputs: [
        { name: 'x', datatype: 'FP64', shape: [-1, 1] },
        { name: 'y', datatype: 'BYTES', shape: [-1, 1], nullable: true },
      ],
      outputs: [{ name: 'output', datatype: 'FP32', shape: [-1, 3] }],
    });
    expect(formats).toEqual([{ name: 'mlflow', unsafe: false, paths: ['MLmodel'] }]);
    expect((await codes({ MLmodel: 'a: !!js/function "x"\nb: *nothing' })).codes).toEqual(['BROKEN']);
    const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`).join('\n')}`;
    expect((await codes({ MLmodel: laughs })).codes).toEqual(['BROKEN']);
  });

  test("keeps the example beside MLflow's description, as callers send it, and none that is long or no JSON", async () => {
    const example = async (files: Record<string, string>) => (await scanned(files)).example;
    const request = { inputs: [[1, 2]] };
    const both = { 'm/input_example.json': '[[1, 2]]', 'm/serving_input_example.json': JSON.stringify(request) };
    expect(await example({ 'm/MLmodel': 'flavors: {}', ...both })).toEqual(request);
    expect(await example({ 'm/MLmodel': 'flavors: {}', 'm/input_example.json': '[[1, 2]]' })).toEqual([[1, 2]]);
    expect(await example({ 'm/MLmodel': 'flavors: {}', 'input_example.json': '[[1, 2]]' })).toBeNull();
    expect(await example({ MLmodel: 'flavors: {}', 'input_example.json': '[[1,' })).toBeNull();
    expect(await example({ MLmodel: 'flavors: {}', 'input_example.json': `"${'x'.repeat(17_000)}"` })).toBeNull();
    expect(await example(both)).toBeNull();
  });

  test('runs in a process of its own', async () => {
    const input = [fileOf('m.pkl', modernPickle('os', 'system'))];
    const answer = await runChild({ entry: childEntry(import.meta.url, './scan.child.ts'), input, timeoutMs: 30_000 });
    expect(answer).toMatchObject({ outcome: 'refused' });
  });
});

function safetensors(header: object, data: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(data)]);
}

function keras(layers: object[]): Buffer {
  const config = Buffer.from(JSON.stringify({ class_name: 'Sequential', config: { layers } }));
  return zipOf([
    { name: 'metadata.json', content: Buffer.from('{}') },
    { name: 'config.json', content: config },
  ]);
}
