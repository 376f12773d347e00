import type { Datatype, TensorSpec } from '#contracts';
import { ARRAYS, type HostTensor, type TensorData } from './host-tensor.js';
import { badRequest, quote } from './wire.js';

/**
 * Raw little-endian bytes of `count` elements as the array of the input's data type. Sizes are checked before anything is allocated.
 * A NaN in a nullable input is a missing value. Throws BAD_REQUEST.
 */
export function decodeRaw(spec: TensorSpec, datatype: Datatype, count: number, raw: Uint8Array): TensorData {
  if (datatype === 'BYTES') return decodeStrings(spec.name, count, raw);
  const Kind = ARRAYS[datatype];
  const expected = count * Kind.BYTES_PER_ELEMENT;
  if (raw.byteLength !== expected)
    throw badRequest(`input ${quote(spec.name)}: got ${raw.byteLength} bytes, expected ${expected} by its shape`, spec.name);
  // A copy (Buffer.slice makes none): aligned, and free of the request's buffer.
  const values = new Kind(new Uint8Array(raw).buffer);
  if (datatype === 'BOOL') checkBooleans(spec.name, values as Uint8Array);
  return datatype === spec.datatype ? values : Float64Array.from<number | bigint>(values, Number);
}

function checkBooleans(name: string, values: Uint8Array): void {
  const wrong = values.findIndex((value) => value > 1);
  if (wrong !== -1)
    throw badRequest(`input ${quote(name)}, element ${wrong}: a BOOL is the byte 0 or 1, not ${values[wrong]}`, name);
}

/** Each element is its length in bytes (uint32, little-endian) and then UTF-8 text. */
function decodeStrings(name: string, count: number, raw: Uint8Array): string[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const out: string[] = [];
  let offset = 0;
  while (offset < raw.byteLength) {
    const end = offset + 4 <= raw.byteLength ? offset + 4 + view.getUint32(offset, true) : Infinity;
    if (end > raw.byteLength)
      throw badRequest(`input ${quote(name)}, element ${out.length}: its length reaches past the data`, name);
    out.push(decodeText(utf8, name, out.length, raw.subarray(offset + 4, end)));
    offset = end;
  }
  if (out.length !== count)
    throw badRequest(`input ${quote(name)}: got ${out.length} elements, expected ${count} by its shape`, name);
  return out;
}

function decodeText(utf8: { decode(bytes: Uint8Array): string }, name: string, index: number, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw badRequest(`input ${quote(name)}, element ${index}: not valid UTF-8`, name);
  }
}

/** The wire form of a tensor's data: little-endian numbers, or for BYTES each text behind its length as uint32. */
export function encodeRaw({ data }: HostTensor): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    data.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
