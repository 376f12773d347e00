import { parse } from 'yaml';
import { z } from 'zod';
import { SignatureSchema, type Datatype, type Signature, type TensorSpec } from '#contracts';

/** Types of MLflow's column specs and of NumPy's tensors, as data types of the Open Inference Protocol. */
const TYPES: Readonly<Record<string, Datatype>> = {
  boolean: 'BOOL', integer: 'INT32', long: 'INT64', float: 'FP32', double: 'FP64', string: 'BYTES', binary: 'BYTES', datetime: 'BYTES',
  bool: 'BOOL', int8: 'INT8', int16: 'INT16', int32: 'INT32', int64: 'INT64', uint8: 'UINT8', uint16: 'UINT16', uint32: 'UINT32', uint64: 'UINT64',
  float16: 'FP16', float32: 'FP32', float64: 'FP64', object: 'BYTES', str: 'BYTES',
}; // prettier-ignore

const SpecSchema = z.object({
  name: z.string().optional(),
  type: z.string(),
  required: z.boolean().optional(),
  'tensor-spec': z.object({ dtype: z.string(), shape: z.array(z.int()) }).optional(),
});
const MlmodelSchema = z.object({
  flavors: z.record(z.string(), z.unknown()).default({}),
  signature: z.object({ inputs: z.string().nullish(), outputs: z.string().nullish() }).nullish(),
});

export interface Mlmodel {
  readonly flavors: readonly string[];
  readonly signature: Signature | null;
}

/** What MLflow's own description of a model says (mlflow/models/model.py, signature.py); undefined for a text that is none. No YAML tag makes an object. */
export function readMlmodel(text: string): Mlmodel | undefined {
  let document: unknown;
  try {
    document = parse(text, { schema: 'core', maxAliasCount: 20, logLevel: 'error' });
  } catch {
    return undefined;
  }
  const model = MlmodelSchema.safeParse(document);
  if (!model.success) return undefined;
  return { flavors: Object.keys(model.data.flavors), signature: signatureOf(model.data.signature) };
}

function signatureOf(said: z.infer<typeof MlmodelSchema>['signature']): Signature | null {
  const inputs = specsOf(said?.inputs, 'input');
  const outputs = specsOf(said?.outputs, 'output');
  const signature = SignatureSchema.safeParse({ inputs, outputs });
  return signature.success ? signature.data : null;
}

function specsOf(json: string | null | undefined, word: string): TensorSpec[] {
  try {
    const specs = z.array(SpecSchema).parse(JSON.parse(json ?? '[]'));
    return specs.flatMap((spec, i) => tensorOf(spec, specs.length === 1 ? word : `${word}-${i}`));
  } catch {
    return [];
  }
}

function tensorOf(spec: z.infer<typeof SpecSchema>, fallback: string): TensorSpec[] {
  const tensor = spec['tensor-spec'];
  const datatype = TYPES[tensor ? tensor.dtype.replace(/^<U\d+$|^<?U\d+$/, 'str') : spec.type];
  if (!datatype) return [];
  const optional = spec.required === false ? { nullable: true } : {};
  return [{ name: spec.name ?? fallback, datatype, shape: tensor?.shape ?? [-1, 1], ...optional }];
}
