import type { Datatype, TensorSpec } from '#contracts';
import { DomainError, errorMessage } from '#kernel';
import type * as Ort from 'onnxruntime-node';
import { readFile, stat } from 'node:fs/promises';
import { ARRAYS, datatypeOf, ORT_TYPES, type HostTensor, type NumericArray } from './host-tensor.js';
import { inspectOnnx } from './inspect.js';

const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

export interface OnnxOptions {
  /** Default 512 MiB. */
  readonly maxBytes?: number;
  /** Threads inside one operator; default 1, because processes, not threads, are how serving scales. */
  readonly intraOpNumThreads?: number;
  /** External data by the names that the model has for them: given to the runtime as bytes, so that it opens no file. */
  readonly external?: Readonly<Record<string, Uint8Array>>;
  /** Leaves outputs out that are no tensors, such as those of a ZipMap, instead of refusing the model. */
  readonly tensorsOnly?: boolean;
}

/** A loaded ONNX model; -1 in a shape is a free dimension. */
export interface OnnxModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Runs all outputs, or those named. Blocks the event loop while it computes. Throws BAD_REQUEST when the runtime refuses the feeds. */
  run(feeds: Readonly<Record<string, HostTensor>>, outputs?: readonly string[]): Promise<Record<string, HostTensor>>;
  /** Waits for running calls, then frees the session; a second close does nothing, and a run after it throws CLOSED. */
  close(): Promise<void>;
}

/**
 * Loads an ONNX model from bytes or a file. The size, the message and external data are checked before the native runtime is even loaded.
 * Throws BAD_MODEL with a bounded message.
 */
export async function loadOnnx(source: Uint8Array | string, options: OnnxOptions = {}): Promise<OnnxModel> {
  const bytes = await bytesOf(source, options.maxBytes ?? DEFAULT_MAX_BYTES);
  inspectOnnx(bytes, Object.keys(options.external ?? {}));
  // Not imported at the top: the native library is 30 MB, and most processes that know this module never run a model.
  const ort = await import('onnxruntime-node');
  const session = await createSession(ort, bytes, options);
  try {
    return modelOf(ort, session, options.tensorsOnly ?? false);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function bytesOf(source: Uint8Array | string, maxBytes: number): Promise<Uint8Array> {
  const size = typeof source === 'string' ? (await statFile(source)).size : source.byteLength;
  if (size > maxBytes) throw new DomainError('BAD_MODEL', `the model has ${size} bytes; at most ${maxBytes} are allowed`);
  return typeof source === 'string' ? readFile(source) : source;
}

async function statFile(path: string): Promise<{ size: number }> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new DomainError('BAD_MODEL', `the model file cannot be read (${error.code})`);
  });
}

async function createSession(ort: typeof Ort, bytes: Uint8Array, given: OnnxOptions): Promise<Ort.InferenceSession> {
  const externalData = Object.entries(given.external ?? {}).map(([path, data]) => ({ path, data }));
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    ...(externalData.length > 0 ? { externalData } : {}),
    intraOpNumThreads: given.intraOpNumThreads ?? 1,
    interOpNumThreads: 1,
    // Errors only: they reach the caller as exceptions, and warnings would go to stderr past our logger.
    logSeverityLevel: 3,
  };
  try {
    return await ort.InferenceSession.create(bytes, options);
  } catch (error) {
    throw new DomainError('BAD_MODEL', `onnxruntime refuses the model: ${errorMessage(error).slice(0, 300)}`);
  }
}

function modelOf(ort: typeof Ort, session: Ort.InferenceSession, tensorsOnly: boolean): OnnxModel {
  const inputs = session.inputMetadata.map(specOf);
  const outputs = session.outputMetadata.filter(({ isTensor }) => isTensor || !tensorsOnly).map(specOf);
  const all = outputs.map(({ name }) => name);
  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const run: OnnxModel['run'] = async (feeds, names) => {
    if (closing) throw new DomainError('CLOSED', 'the model has been closed');
    const call = runSession(ort, session, feeds, names ?? all);
    running.add(call);
    return call.finally(() => running.delete(call));
  };
  const close = () => (closing ??= Promise.allSettled(running).then(() => session.release()));
  return { inputs, outputs, run, close };
}

function specOf(metadata: Ort.InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor)
    throw new DomainError('BAD_MODEL', `"${metadata.name}" is not a tensor; export the model without ZipMap`);
  const datatype = datatypeOf(metadata.type);
  if (!datatype)
    throw new DomainError('BAD_MODEL', `"${metadata.name}" has the type ${metadata.type}, which the protocol does not know`);
  const shape = metadata.shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : -1));
  return { name: metadata.name, datatype, shape };
}

async function runSession(
  ort: typeof Ort,
  session: Ort.InferenceSession,
  feeds: Readonly<Record<string, HostTensor>>,
  names: readonly string[],
): Promise<Record<string, HostTensor>> {
  const tensors = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(ort, tensor)] as const);
  try {
    const results = await session.run(Object.fromEntries(tensors), names);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(name, tensor)]));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('BAD_REQUEST', `the model refuses the inputs: ${errorMessage(error).slice(0, 300)}`);
  } finally {
    for (const [, tensor] of tensors) tensor.dispose();
  }
}

function toOrt(ort: typeof Ort, tensor: HostTensor): Ort.Tensor {
  // The pair of type and array is checked by the constructor at run time; its overloads cannot say so for a union.
  return new ort.Tensor(ORT_TYPES[tensor.datatype] as 'float32', tensor.data as Float32Array, tensor.shape);
}

function fromOrt(name: string, tensor: Ort.Tensor): HostTensor {
  const datatype: Datatype | undefined = datatypeOf(tensor.type);
  if (!datatype)
    throw new DomainError('BAD_MODEL', `output "${name}" has the type ${tensor.type}, which the protocol does not know`);
  if (datatype === 'BYTES') return { datatype, shape: tensor.dims, data: tensor.data as string[] };
  const data = tensor.data as NumericArray;
  // Where the engine has Float16Array, FP16 comes as one; elsewhere in this library FP16 are bit patterns.
  const bits = datatype === 'FP16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return {
    datatype,
    shape: tensor.dims,
    data: bits instanceof ARRAYS[datatype] ? bits : new ARRAYS[datatype](bits.slice().buffer as ArrayBuffer),
  };
}
