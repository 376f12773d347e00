import type { Signature } from '#contracts';
import type { HostTensor } from './host-tensor.js';
import { encodeRaw } from './raw.js';
import { pickOutputs } from './tensors.js';
import { badRequest, isRecord, quote } from './wire.js';

/** A request with raw tensors: `header` is its JSON, `inputs` the JSON inputs with `raw` where their data were binary. */
export interface BinaryRequest {
  readonly header: Readonly<Record<string, unknown>>;
  readonly inputs: readonly unknown[];
}

/**
 * Takes a request of the binary tensor extension apart: `headerLength` bytes of JSON (header Inference-Header-Content-Length), then the raw
 * tensors in the order of the inputs, each as long as its `parameters.binary_data_size`, and nothing else. Pass `inputs` to decodeInputs.
 * Throws BAD_REQUEST.
 */
export function parseBinaryRequest(body: Uint8Array, headerLength: number): BinaryRequest {
  if (!Number.isSafeInteger(headerLength) || headerLength < 0 || headerLength > body.byteLength)
    throw badRequest(`the JSON header cannot be ${headerLength} bytes long in a body of ${body.byteLength}`);
  const header = parseHeader(body.subarray(0, headerLength));
  let offset = headerLength;
  const inputs = (header['inputs'] as unknown[]).map((input) => {
    const size = sizeOf(input);
    if (!isRecord(input) || size === undefined) return input;
    if (input['data'] !== undefined) throw badRequest(`input ${quote(String(input['name']))} has both data and binary_data_size`);
    if (size > body.byteLength - offset)
      throw badRequest(`input ${quote(String(input['name']))}: its binary data reach past the body`);
    offset += size;
    return { ...input, raw: body.subarray(offset - size, offset) };
  });
  if (offset !== body.byteLength) throw badRequest(`${body.byteLength - offset} bytes of the body belong to no input`);
  return { header, inputs };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest('the JSON header is not valid JSON');
  }
  if (!isRecord(header) || !Array.isArray(header['inputs']))
    throw badRequest('the JSON header must be an object with inputs', 'inputs');
  return header;
}

function sizeOf(input: unknown): number | undefined {
  const parameters = isRecord(input) ? input['parameters'] : undefined;
  const size = isRecord(parameters) ? parameters['binary_data_size'] : undefined;
  if (size === undefined) return undefined;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw badRequest('binary_data_size must be a whole number of bytes', 'inputs');
}

export interface BinaryResponse {
  readonly body: Uint8Array;
  /** For the header Inference-Header-Content-Length. */
  readonly headerLength: number;
}

/** A response with every output as raw bytes behind the JSON header; `envelope` holds model_name, id and the like. Throws as pickOutputs. */
export function binaryOutputs(
  signature: Signature,
  tensors: Readonly<Record<string, HostTensor>>,
  envelope: Readonly<Record<string, unknown>>,
  requested?: readonly string[],
): BinaryResponse {
  const parts = pickOutputs(signature, tensors, requested).map(({ name, tensor }) => ({ name, tensor, raw: encodeRaw(tensor) }));
  const outputs = parts.map(({ name, tensor, raw }) => ({
    name,
    datatype: tensor.datatype,
    shape: tensor.shape,
    parameters: { binary_data_size: raw.byteLength },
  }));
  const header = Buffer.from(JSON.stringify({ ...envelope, outputs }));
  return { body: Buffer.concat([header, ...parts.map((part) => part.raw)]), headerLength: header.byteLength };
}
