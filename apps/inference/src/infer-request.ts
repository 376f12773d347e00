import type { Signature } from '#contracts';
import { decodeInputs, parseBinaryRequest, type DecodedInputs } from '#engine-onnx';
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { fault } from './faults.js';

/** One output that the caller asked for, in its order; `binary`: as raw bytes behind the JSON. */
export interface AskedOutput {
  readonly name: string;
  readonly binary: boolean;
}

export interface InferRequest {
  readonly id: string | undefined;
  readonly decoded: DecodedInputs;
  readonly outputs: readonly AskedOutput[];
}

type Json = Readonly<Record<string, unknown>>;

/** Throws UNSUPPORTED_TYPE. No type at all passes, because several clients of the protocol name none. */
export function checkContentType(headers: IncomingHttpHeaders): void {
  const type = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();
  if (type && type !== 'application/json' && type !== 'application/octet-stream')
    throw fault(
      'UNSUPPORTED_TYPE',
      `content type ${type.slice(0, 100)} is not known; send application/json or application/octet-stream`,
    );
  const encoding = headers['content-encoding'];
  if (encoding && encoding !== 'identity')
    throw fault('UNSUPPORTED_TYPE', 'compressed bodies are not read; send the body without Content-Encoding');
}

/** An infer request, JSON or with raw tensors, checked and decoded against the signature. Throws BAD_REQUEST. */
export function parseInferRequest(signature: Signature, headers: IncomingHttpHeaders, body: Buffer): InferRequest {
  const headerLength = headers['inference-header-content-length'];
  const { header, inputs } = headerLength === undefined ? parseJson(body) : parseBinaryRequest(body, lengthOf(headerLength));
  const { id } = header;
  if (id !== undefined && id !== null && typeof id !== 'string') throw fault('BAD_REQUEST', 'id must be a string');
  const outputs = askedOutputs(signature, header);
  return { id: id ?? undefined, decoded: decodeInputs(signature, inputs), outputs };
}

function lengthOf(text: string | string[]): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw fault('BAD_REQUEST', 'Inference-Header-Content-Length must be a whole number of bytes');
}

function parseJson(body: Buffer): { header: Json; inputs: unknown } {
  const header = parseObject(body);
  return { header, inputs: header['inputs'] };
}

/** The JSON object that a body is. Throws BAD_REQUEST. */
export function parseObject(body: Buffer): Json {
  let value: unknown;
  try {
    value = isUtf8(body) ? JSON.parse(body.toString()) : undefined;
  } catch {
    // The parser's own words would quote the body.
  }
  if (!isObject(value)) throw fault('BAD_REQUEST', 'the body must be a JSON object');
  return value;
}

function askedOutputs(signature: Signature, header: Json): AskedOutput[] {
  const binary = flag(header['parameters'], 'binary_data_output') ?? false;
  const asked = header['outputs'] ?? undefined;
  if (asked === undefined) return signature.outputs.map(({ name }) => ({ name, binary }));
  if (!Array.isArray(asked)) throw fault('BAD_REQUEST', 'outputs must be an array');
  // An empty list asks for everything, as in other servers of the protocol.
  if (!asked.length) return signature.outputs.map(({ name }) => ({ name, binary }));
  const outputs = asked.map((output: unknown) => askedOutput(signature, output, binary));
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) throw fault('BAD_REQUEST', 'an output is asked for twice');
  return outputs;
}

function askedOutput(signature: Signature, output: unknown, binary: boolean): AskedOutput {
  const name = isObject(output) ? output['name'] : undefined;
  if (!isObject(output) || typeof name !== 'string') throw fault('BAD_REQUEST', 'each of outputs must be an object with a name');
  const known = signature.outputs.map((spec) => spec.name);
  if (!known.includes(name))
    throw fault('BAD_REQUEST', `unknown output ${JSON.stringify(name.slice(0, 100))}; the model gives ${known.join(', ')}`);
  return { name, binary: flag(output['parameters'], 'binary_data') ?? binary };
}

/** A parameter that must be a boolean where it is given; all others are free for callers to add. */
function flag(parameters: unknown, name: string): boolean | undefined {
  if (parameters === undefined || parameters === null) return undefined;
  if (!isObject(parameters)) throw fault('BAD_REQUEST', 'parameters must be an object');
  const value = parameters[name];
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  throw fault('BAD_REQUEST', `parameter ${name} must be true or false`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
