import type { Datatype, Signature, TensorSpec } from '#contracts';
import { accepts, elementFault } from './elements.js';
import { ARRAYS, type HostTensor, type TensorData } from './host-tensor.js';
import { decodeRaw } from './raw.js';
import { badRequest, elementCount, parseWireInputs, quote, type WireInput, type WireOutput } from './wire.js';

/** Decoded inputs: `rows` is the size of the free first dimension, in which all inputs agree (1 where no input has one). */
export interface DecodedInputs {
  readonly rows: number;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/**
 * Wire inputs as tensors of the signature. JSON data may be flat or nested (row-major); shape [N] serves for [N, 1]; FP64 also takes FP32
 * and integers; null in a nullable input is NaN, or '' in text. Every fault of the client is BAD_REQUEST with the input's name as field: a
 * missing, unknown or repeated input, wrong datatype, shape, number of elements, element, or inputs with different numbers of rows.
 */
export function decodeInputs(signature: Signature, wireInputs: unknown): DecodedInputs {
  const inputs = parseWireInputs(wireInputs);
  checkNames(signature, inputs);
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const feeds = signature.inputs.map((spec) => [spec.name, decodeInput(spec, byName.get(spec.name)!)] as const);
  return { rows: commonRows(signature, new Map(feeds)), feeds: Object.fromEntries(feeds) };
}

function checkNames(signature: Signature, inputs: readonly WireInput[]): void {
  const expected = new Set(signature.inputs.map((spec) => spec.name));
  const seen = new Set<string>();
  for (const { name } of inputs) {
    if (!expected.has(name))
      throw badRequest(`unknown input ${quote(name)}; the model takes ${[...expected].map(quote).join(', ')}`, name);
    if (seen.has(name)) throw badRequest(`input ${quote(name)} is given twice`, name);
    seen.add(name);
  }
  for (const name of expected) if (!seen.has(name)) throw badRequest(`input ${quote(name)} is missing`, name);
}

function decodeInput(spec: TensorSpec, input: WireInput): HostTensor {
  const { datatype } = input;
  if (!accepts(spec.datatype, datatype))
    throw badRequest(`input ${quote(spec.name)}: got datatype ${quote(datatype)}, expected ${spec.datatype}`, spec.name);
  const shape = fitShape(spec, input.shape);
  const data = input.raw ? decodeRaw(spec, datatype, elementCount(shape), input.raw) : decodeJson(spec, datatype, input);
  return { datatype: spec.datatype, shape, data };
}

function fitShape(spec: TensorSpec, shape: readonly number[]): readonly number[] {
  const isColumn = spec.shape.length === 2 && spec.shape[0] === -1 && spec.shape[1] === 1;
  const full = isColumn && shape.length === 1 ? [shape[0]!, 1] : shape;
  const fits = full.length === spec.shape.length && spec.shape.every((dim, index) => dim === -1 || dim === full[index]);
  if (!fits) throw badRequest(`input ${quote(spec.name)}: got shape [${shape}], expected [${spec.shape}]`, spec.name);
  return full;
}

function decodeJson(spec: TensorSpec, datatype: Datatype, input: WireInput): TensorData {
  // The protocol has no JSON form of FP16.
  if (datatype === 'FP16') throw badRequest(`input ${quote(spec.name)}: FP16 needs the binary tensor extension`, spec.name);
  const values = flatten(spec.name, input);
  values.forEach((value, index) => {
    const fault = value === null && canBeMissing(spec) ? undefined : elementFault(datatype, value);
    if (fault) throw badRequest(`input ${quote(spec.name)}, element ${index}: ${fault}`, spec.name);
  });
  return store(spec.datatype, datatype === 'FP32' ? values.map(roundToFloat) : values);
}

function canBeMissing(spec: TensorSpec): boolean {
  return spec.nullable === true && ['FP64', 'FP32', 'BYTES'].includes(spec.datatype);
}

function roundToFloat(value: unknown): unknown {
  return value === null ? null : Math.fround(value as number);
}

/** Checked elements in the array of the data type. */
function store(datatype: Datatype, values: readonly unknown[]): TensorData {
  if (datatype === 'BYTES') return values.map((value) => (value === null ? '' : (value as string)));
  const array = new ARRAYS[datatype](values.length);
  const big = array instanceof BigInt64Array || array instanceof BigUint64Array;
  values.forEach((value, index) => {
    array[index] = big ? BigInt(value as number) : value === null ? Number.NaN : Number(value);
  });
  return array;
}

/** The elements in row-major order; what is held in memory grows with the data sent, never with the shape claimed. */
function flatten(name: string, { data, shape }: WireInput): readonly unknown[] {
  if (!Array.isArray(data)) throw badRequest(`input ${quote(name)}: data must be an array`, name);
  const nested = shape.length > 1 && Array.isArray(data[0]);
  if (!nested) return checkLength(name, data, elementCount(shape));
  const out: unknown[] = [];
  collect(name, data, shape, 0, out);
  return out;
}

function collect(name: string, data: unknown, shape: readonly number[], level: number, out: unknown[]): void {
  if (!Array.isArray(data)) throw badRequest(`input ${quote(name)}: nested data do not have the shape [${shape}]`, name);
  checkLength(name, data, shape[level]!);
  for (const item of data as unknown[]) {
    if (level === shape.length - 1) out.push(item);
    else collect(name, item, shape, level + 1, out);
  }
}

function checkLength(name: string, data: readonly unknown[], expected: number): readonly unknown[] {
  if (data.length !== expected)
    throw badRequest(`input ${quote(name)}: got ${data.length} elements, expected ${expected} by its shape`, name);
  return data;
}

function commonRows(signature: Signature, feeds: ReadonlyMap<string, HostTensor>): number {
  const free = signature.inputs.filter((spec) => spec.shape[0] === -1);
  const [first] = free;
  if (!first) return 1;
  const rows = feeds.get(first.name)!.shape[0]!;
  const other = free.find((spec) => feeds.get(spec.name)!.shape[0] !== rows);
  if (!other) return rows;
  const got = feeds.get(other.name)!.shape[0];
  throw badRequest(`input ${quote(other.name)} has ${got} rows, but ${quote(first.name)} has ${rows}`, other.name);
}

/** Picks outputs by name, or all of the signature. Throws BAD_REQUEST for a name that the model does not give. */
export function pickOutputs(
  signature: Signature,
  tensors: Readonly<Record<string, HostTensor>>,
  requested?: readonly string[],
): { name: string; tensor: HostTensor }[] {
  const known = signature.outputs.map((spec) => spec.name);
  return (requested ?? known).map((name) => {
    const tensor = known.includes(name) ? tensors[name] : undefined;
    if (!tensor) throw badRequest(`unknown output ${quote(name)}; the model gives ${known.map(quote).join(', ')}`, 'outputs');
    return { name, tensor };
  });
}

/** Tensors as JSON outputs. NaN and infinities, which JSON cannot say, become null; 64-bit integers become numbers. Throws as pickOutputs. */
export function encodeOutputs(
  signature: Signature,
  tensors: Readonly<Record<string, HostTensor>>,
  requested?: readonly string[],
): WireOutput[] {
  return pickOutputs(signature, tensors, requested).map(({ name, tensor }) => ({
    name,
    datatype: tensor.datatype,
    shape: tensor.shape,
    data: jsonData(name, tensor),
  }));
}

function jsonData(name: string, { datatype, data }: HostTensor): unknown[] {
  if (datatype === 'FP16') throw badRequest(`output ${quote(name)}: FP16 needs the binary tensor extension`, 'outputs');
  return Array.from<string | number | bigint, unknown>(data, (value) => {
    if (datatype === 'BOOL') return value !== 0;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'number' && !Number.isFinite(value) ? null : value;
  });
}
