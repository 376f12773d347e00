import type { Signature } from '#contracts';
import { binaryOutputs, encodeOutputs, type BinaryResponse, type HostTensor } from '#engine-onnx';
import { json, type Answer } from './answer.js';
import type { AskedOutput } from './infer-request.js';

type Tensors = Readonly<Record<string, HostTensor>>;
type Envelope = Readonly<Record<string, unknown>>;

/** JSON, or JSON and raw bytes behind it as soon as one output is asked for in binary. Throws BAD_REQUEST for FP16 as JSON. */
export function inferAnswer(
  signature: Signature,
  tensors: Tensors,
  envelope: Envelope,
  asked: readonly AskedOutput[],
  headers: Readonly<Record<string, string>>,
): Answer {
  const raw = asked.filter((output) => output.binary);
  const names = asked.map(({ name }) => name);
  if (!raw.length) return json(200, { ...envelope, outputs: encodeOutputs(signature, tensors, names) }, headers);
  const { body, headerLength } =
    raw.length === asked.length ? binaryOutputs(signature, tensors, envelope, names) : mixed(signature, tensors, envelope, asked);
  const length = { 'inference-header-content-length': String(headerLength) };
  return { status: 200, body, type: 'application/octet-stream', headers: { ...headers, ...length } };
}

/** Some outputs raw and some as JSON: the raw ones are packed alone, and their descriptions set among the others in the order asked. */
function mixed(signature: Signature, tensors: Tensors, envelope: Envelope, asked: readonly AskedOutput[]): BinaryResponse {
  const namesOf = (binary: boolean) => asked.filter((output) => output.binary === binary).map(({ name }) => name);
  const packed = binaryOutputs(signature, tensors, {}, namesOf(true));
  const described = JSON.parse(Buffer.from(packed.body.subarray(0, packed.headerLength)).toString()) as {
    outputs: { name: string }[];
  };
  const all = new Map(
    [...described.outputs, ...encodeOutputs(signature, tensors, namesOf(false))].map((output) => [output.name, output]),
  );
  const header = Buffer.from(JSON.stringify({ ...envelope, outputs: asked.map(({ name }) => all.get(name)) }));
  return { body: Buffer.concat([header, packed.body.subarray(packed.headerLength)]), headerLength: header.byteLength };
}
