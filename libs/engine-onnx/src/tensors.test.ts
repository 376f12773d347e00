import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Datatype, Signature } from '#contracts';
import { binaryOutputs, parseBinaryRequest } from './binary.js';
import { ARRAYS } from './host-tensor.js';
import { decodeInputs, encodeOutputs } from './tensors.js';

const SIGNATURE: Signature = {
  inputs: [
    { name: 'Beak (mm)', datatype: 'FP64', shape: [-1, 1], nullable: true },
    { name: 'island', datatype: 'BYTES', shape: [-1, 1], nullable: true },
  ],
  outputs: [
    { name: 'label', datatype: 'BYTES', shape: [-1, 1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
  ],
};

const one = (datatype: Datatype, shape: number[], nullable = false): Signature => ({
  ...SIGNATURE,
  inputs: [{ name: 'x', datatype, shape, nullable }],
});
const x = (datatype: string, shape: unknown, data: unknown) => [{ name: 'x', datatype, shape, data }];
const decodeOne = (signature: Signature, input: unknown) => decodeInputs(signature, input).feeds['x'];
const fault = (message: string | RegExp, field?: string) =>
  expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(message), ...(field ? { field } : {}) });

describe('decodeInputs', () => {
  it('takes flat and nested data, nulls, and shape [N] for [N, 1]', () => {
    const decoded = decodeInputs(SIGNATURE, [
      { name: 'island', datatype: 'BYTES', shape: [3, 1], data: [['Dream'], [null], ['']] },
      { name: 'Beak (mm)', datatype: 'FP64', shape: [3], data: [39.1, null, -0.5] },
    ]);
    expect(decoded).toEqual({
      rows: 3,
      feeds: {
        'Beak (mm)': { datatype: 'FP64', shape: [3, 1], data: Float64Array.of(39.1, NaN, -0.5) },
        island: { datatype: 'BYTES', shape: [3, 1], data: ['Dream', '', ''] },
      },
    });
  });

  it('widens FP32 and integers to FP64, and nothing else', () => {
    const wide = one('FP64', [-1, 1], true);
    expect(decodeOne(wide, x('FP32', [1], [0.1]))!.data).toEqual(Float64Array.of(Math.fround(0.1)));
    expect(decodeOne(wide, x('INT64', [2], [7, null]))!.data).toEqual(Float64Array.of(7, NaN));
    expect(() => decodeOne(wide, x('BYTES', [1], ['1']))).toThrow(fault('input "x": got datatype "BYTES", expected FP64', 'x'));
    expect(() => decodeOne(one('FP32', [-1, 1]), x('FP64', [1], [1]))).toThrow(fault('got datatype "FP64", expected FP32'));
    expect(() => decodeOne(wide, x('TENSOR', [1], [1]))).toThrow(fault('got datatype "TENSOR"'));
  });

  it.each<[Datatype, unknown[], RegExp]>([
    ['FP64', [1, '2'], /element 1: expected a number, got a string/],
    ['FP64', [true], /element 0: expected a number, got a boolean/],
    ['FP64', [1, null], /element 1: expected a number, got null/],
    ['FP64', [Infinity], /out of range/],
    ['FP32', [1e39], /element 0: 1e\+39 is out of range for FP32/],
    ['INT32', [1, 2, 1.5], /element 2: expected a whole number, got 1.5/],
    ['INT8', [300], /element 0: 300 is out of range for INT8/],
    ['INT8', [-129], /out of range/],
    ['UINT16', [-1], /out of range/],
    ['INT64', [2 ** 53], /out of range/],
    ['BOOL', [1], /expected true or false/],
    ['BYTES', [1], /expected a string, got a number/],
    ['BYTES', [null], /expected a string, got null/],
    ['BYTES', [{}], /expected a string, got a object/],
    ['FP16', [1], /binary tensor extension/],
  ])('names the faulty element of %s %j', (datatype, data, message) => {
    expect(() => decodeOne(one(datatype, [-1, 1]), x(datatype, [data.length], data))).toThrow(fault(message, 'x'));
  });

  it('stores every data type in its array', () => {
    for (const [datatype, Kind] of Object.entries(ARRAYS)) {
      if (datatype === 'FP16') continue;
      const data = datatype === 'BOOL' ? [true, false] : [1, 0];
      const stored = decodeOne(one(datatype as Datatype, [-1]), x(datatype, [2], data))!.data;
      expect(stored).toBeInstanceOf(Kind);
      expect(Array.from(stored as Uint8Array, Number)).toEqual([1, 0]);
    }
  });

  it('checks shapes before it believes them', () => {
    const matrix = one('FP32', [-1, 2]);
    expect(() => decodeOne(matrix, x('FP32', [2, 3], [1, 2, 3, 4, 5, 6]))).toThrow(fault(/got shape \[2,3\], expected \[-1,2\]/));
    expect(() => decodeOne(matrix, x('FP32', [2], [1, 2]))).toThrow(fault(/got shape/));
    expect(() => decodeOne(matrix, x('FP32', [1e9, 2], [1]))).toThrow(fault(/got 1 elements, expected 2000000000/));
    const free = one('FP32', [-1, -1, -1]);
    expect(() => decodeOne(free, x('FP32', [2 ** 40, 2 ** 40, 1], []))).toThrow(fault(/too large/));
    expect(() => decodeOne(free, x('FP32', [2 ** 32, 2 ** 32, 2 ** 32], []))).toThrow(fault(/too large/));
    for (const shape of [[], [0, 2], [-1, 2], [1.5, 2], ['2', 2], 'no', null, Array.from({ length: 9 }, () => 1)])
      expect(() => decodeOne(matrix, x('FP32', shape, []))).toThrow(fault(/shape must be/));
  });

  it('refuses ragged, deeper and shallower nested data', () => {
    const matrix = one('FP32', [-1, 2]);
    expect(
      decodeOne(
        matrix,
        x(
          'FP32',
          [2, 2],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      )!.data,
    ).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(() => decodeOne(matrix, x('FP32', [2, 2], [[1, 2, 3], [4]]))).toThrow(fault(/got 3 elements, expected 2/));
    expect(() => decodeOne(matrix, x('FP32', [2, 2], [[1, 2], 3, 4]))).toThrow(fault(/got 3 elements, expected 2/));
    expect(() => decodeOne(matrix, x('FP32', [2, 2], [[1, 2], 3]))).toThrow(fault(/do not have the shape/));
    expect(() => decodeOne(matrix, x('FP32', [1, 2], [[[1], [2]]]))).toThrow(fault(/expected a number, got an array/));
    expect(() => decodeOne(matrix, x('FP32', [1, 2], 'text'))).toThrow(fault(/data must be an array/));
    expect(() => decodeOne(matrix, x('FP32', [1, 2], undefined))).toThrow(fault(/data must be an array/));
  });

  it('refuses missing, unknown and repeated inputs and unequal rows', () => {
    const beak = { name: 'Beak (mm)', datatype: 'FP64', shape: [2], data: [1, 2] };
    const island = { name: 'island', datatype: 'BYTES', shape: [2], data: ['a', 'b'] };
    expect(() => decodeInputs(SIGNATURE, [beak])).toThrow(fault('input "island" is missing', 'island'));
    expect(() => decodeInputs(SIGNATURE, [beak, island, { ...island, name: 'q' }])).toThrow(
      fault(/unknown input "q"; the model takes/, 'q'),
    );
    expect(() => decodeInputs(SIGNATURE, [beak, island, island])).toThrow(fault('input "island" is given twice', 'island'));
    expect(() => decodeInputs(SIGNATURE, [beak, { ...island, shape: [1], data: ['a'] }])).toThrow(
      fault(/has 1 rows, but "Beak \(mm\)" has 2/),
    );
    for (const junk of [undefined, {}, [1], [{}], [{ name: 'island' }]])
      expect(() => decodeInputs(SIGNATURE, junk)).toThrow(fault(/./));
  });

  it('never throws anything but a fault of the client, whatever the JSON', () => {
    const tensor = fc.record(
      {
        name: fc.oneof(fc.constant('x'), fc.string()),
        datatype: fc.constantFrom('FP64', 'INT8', 'BYTES', 'y'),
        shape: fc.jsonValue(),
        data: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.array(tensor)), (input) => {
        try {
          decodeInputs(one('FP64', [-1, 1]), input);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_REQUEST' });
        }
      }),
    );
  });
});

const RESULTS = {
  label: { datatype: 'BYTES', shape: [2, 1], data: ['Gentoo', 'Adélie'] },
  probabilities: { datatype: 'FP32', shape: [2, 2], data: Float32Array.of(0.25, NaN, Infinity, 1) },
} as const;

describe('encodeOutputs', () => {
  const results = {
    ...RESULTS,
    label: { ...RESULTS.label, data: [...RESULTS.label.data] },
    probabilities: { ...RESULTS.probabilities },
  };

  it('gives flat JSON data, null where JSON has no number', () => {
    expect(JSON.parse(JSON.stringify(encodeOutputs(SIGNATURE, results)))).toEqual([
      { name: 'label', datatype: 'BYTES', shape: [2, 1], data: ['Gentoo', 'Adélie'] },
      { name: 'probabilities', datatype: 'FP32', shape: [2, 2], data: [0.25, null, null, 1] },
    ]);
  });

  it('gives the outputs asked for, and refuses unknown ones', () => {
    expect(encodeOutputs(SIGNATURE, results, ['label']).map((output) => output.name)).toEqual(['label']);
    expect(() => encodeOutputs(SIGNATURE, results, ['toString'])).toThrow(
      fault(/unknown output "toString"; the model gives "label"/),
    );
  });

  it('writes booleans and 64-bit integers as JSON knows them', () => {
    const outputs = [
      { name: 'b', datatype: 'BOOL' as const, shape: [-1] },
      { name: 'i', datatype: 'INT64' as const, shape: [-1] },
    ];
    const tensors = {
      b: { datatype: 'BOOL' as const, shape: [2], data: Uint8Array.of(1, 0) },
      i: { datatype: 'INT64' as const, shape: [1], data: BigInt64Array.of(-5n) },
    };
    expect(encodeOutputs({ ...SIGNATURE, outputs }, tensors).map((output) => output.data)).toEqual([[true, false], [-5]]);
  });

  it('writes the binary form: header, then raw tensors', () => {
    const { body, headerLength } = binaryOutputs(SIGNATURE, results, { model_name: 'm', id: '7' });
    expect(JSON.parse(Buffer.from(body.subarray(0, headerLength)).toString())).toEqual({
      model_name: 'm',
      id: '7',
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [2, 1], parameters: { binary_data_size: 21 } },
        { name: 'probabilities', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
      ],
    });
    const raw = Buffer.from(body.subarray(headerLength));
    expect(raw.length).toBe(37);
    expect([raw.readUInt32LE(0), raw.subarray(4, 10).toString(), raw.readUInt32LE(10), raw.subarray(14, 21).toString()]).toEqual([
      6,
      'Gentoo',
      7,
      'Adélie',
    ]);
    expect([raw.readFloatLE(21), raw.readFloatLE(25), raw.readFloatLE(29), raw.readFloatLE(33)]).toEqual([
      0.25,
      NaN,
      Infinity,
      1,
    ]);
  });
});

describe('parseBinaryRequest', () => {
  const build = (header: unknown, ...raw: Uint8Array[]) => {
    const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    return [Buffer.concat([json, ...raw]), json.length] as const;
  };
  const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
  const text = (...values: string[]) =>
    binaryOutputs(one('BYTES', [-1]), { label: { datatype: 'BYTES', shape: [1], data: values } }, {}, ['label']);
  const strings = (...values: string[]) => {
    const { body, headerLength } = text(...values);
    return body.subarray(headerLength);
  };
  const raw = (name: string, datatype: string, shape: number[], size: number) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: size },
  });

  it('reads raw tensors at any alignment beside JSON ones', () => {
    for (const pad of ['', ' ', '  ', '   ']) {
      const header = JSON.stringify({
        inputs: [raw('Beak (mm)', 'FP64', [2, 1], 16), { name: 'island', datatype: 'BYTES', shape: [2], data: ['a', null] }],
      });
      const request = parseBinaryRequest(...build(header + pad, doubles(1.5, NaN)));
      const { feeds } = decodeInputs(SIGNATURE, request.inputs);
      expect(feeds['Beak (mm)']!.data).toEqual(Float64Array.of(1.5, NaN));
      expect(feeds['island']!.data).toEqual(['a', '']);
    }
  });

  it('reads texts and widens numbers', () => {
    const texts = strings('Dream', '', 'ü');
    const request = parseBinaryRequest(
      ...build(
        { id: 'i', inputs: [raw('Beak (mm)', 'INT64', [3], 24), raw('island', 'BYTES', [3], texts.length)] },
        new Uint8Array(BigInt64Array.of(1n, -2n, 3n).buffer),
        texts,
      ),
    );
    expect(request.header['id']).toBe('i');
    const { feeds } = decodeInputs(SIGNATURE, request.inputs);
    expect(feeds['Beak (mm)']!.data).toEqual(Float64Array.of(1, -2, 3));
    expect(feeds['island']!.data).toEqual(['Dream', '', 'ü']);
  });

  it('refuses sizes that do not fit', () => {
    const inputs = [raw('x', 'FP64', [1], 8)];
    expect(() => parseBinaryRequest(...build({ inputs }, doubles(1), Uint8Array.of(0)))).toThrow(
      fault(/1 bytes of the body belong to no input/),
    );
    expect(() => parseBinaryRequest(...build({ inputs }))).toThrow(fault(/reach past the body/));
    expect(() => parseBinaryRequest(...build({ inputs: [{ ...inputs[0], data: [1] }] }, doubles(1)))).toThrow(
      fault(/both data and/),
    );
    for (const size of [-8, 1.5, '8', 2 ** 60]) {
      const wrong = [{ ...inputs[0], parameters: { binary_data_size: size } }];
      expect(() => parseBinaryRequest(...build({ inputs: wrong }, doubles(1)))).toThrow(fault(/./));
    }
    const [body] = build({ inputs }, doubles(1));
    for (const length of [-1, 1.5, NaN, body.length + 1, 5])
      expect(() => parseBinaryRequest(body, length)).toThrow(fault(/JSON header/));
    expect(() => parseBinaryRequest(...build('[]'))).toThrow(fault(/must be an object with inputs/));
  });

  it('refuses raw data that do not fill the shape, broken texts and odd booleans', () => {
    const decodeRaw = (datatype: Datatype, shape: number[], bytes: Uint8Array) =>
      decodeInputs(
        one(datatype, [-1]),
        parseBinaryRequest(...build({ inputs: [raw('x', datatype, shape, bytes.length)] }, bytes)).inputs,
      );
    expect(() => decodeRaw('FP64', [2], doubles(1))).toThrow(fault(/got 8 bytes, expected 16/, 'x'));
    expect(() => decodeRaw('FP64', [2 ** 50], doubles(1))).toThrow(fault(/got 8 bytes/));
    expect(() => decodeRaw('BYTES', [2], strings('a'))).toThrow(fault(/got 1 elements, expected 2/));
    expect(() => decodeRaw('BYTES', [1], Uint8Array.of(9, 0, 0, 0, 65))).toThrow(fault(/element 0: its length reaches past/));
    expect(() => decodeRaw('BYTES', [1], Uint8Array.of(1, 0))).toThrow(fault(/element 0: its length reaches past/));
    expect(() => decodeRaw('BYTES', [1], Uint8Array.of(1, 0, 0, 0, 0xff))).toThrow(fault(/element 0: not valid UTF-8/));
    expect(() => decodeRaw('BOOL', [2], Uint8Array.of(1, 2))).toThrow(fault(/element 1: a BOOL is/));
    expect(decodeRaw('FP16', [1], Uint8Array.of(0, 0x3c)).feeds['x']!.data).toEqual(Uint16Array.of(0x3c00));
  });

  it('does not let JSON stand in for raw bytes', () => {
    const request = parseBinaryRequest(
      ...build({ inputs: [{ name: 'x', datatype: 'FP64', shape: [1], raw: { 0: 1, byteLength: 8 } }] }),
    );
    expect(() => decodeInputs(one('FP64', [-1, 1]), request.inputs)).toThrow(fault(/data must be an array/));
  });
});
