import type { Datatype } from '#contracts';

/** Element data in row-major order; BYTES are strings, BOOL are bytes 0 and 1, FP16 are bit patterns. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | string[];

/** A tensor of this process, known to neither the wire nor the runtime: `data` has as many elements as `shape` says. */
export interface HostTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type NumericArray = Exclude<TensorData, string[]>;
export type ArrayKind = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericArray;
  new (buffer: ArrayBuffer): NumericArray;
};

/** The array type of each fixed-size data type; its BYTES_PER_ELEMENT is also the size on the wire. */
export const ARRAYS: Readonly<Record<Exclude<Datatype, 'BYTES'>, ArrayKind>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** onnxruntime's names of the data types. */
export const ORT_TYPES: Readonly<Record<Datatype, string>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};

/** The data type of an onnxruntime type name; undefined for those that the protocol has no word for. */
export function datatypeOf(ortType: string): Datatype | undefined {
  return (Object.keys(ORT_TYPES) as Datatype[]).find((datatype) => ORT_TYPES[datatype] === ortType);
}
