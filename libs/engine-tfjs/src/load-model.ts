import * as tf from '@tensorflow/tfjs';
import { FittedPreparationSchema, MODEL_FILES, SignatureSchema, type FittedPreparation, type Signature } from '#contracts';
import { DomainError, errorMessage } from '#kernel';
import { z } from 'zod';
import { featureWidth } from './preparation/fit.js';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

const TopologySchema = z.object({
  format: z.literal('layers-model'),
  modelTopology: z.record(z.string(), z.unknown()),
  // The one group with the one path: URLs, absolute paths and `..` have no way in.
  weightsManifest: z.tuple([
    z.object({
      paths: z.tuple([z.literal(MODEL_FILES.weights)]),
      weights: z.array(z.object({ name: z.string(), shape: z.array(z.int().nonnegative()), dtype: z.literal('float32') })),
    }),
  ]),
});

/** A trained model in memory; its tensors live until dispose(). */
export interface LoadedModel {
  readonly model: tf.LayersModel;
  readonly preparation: FittedPreparation;
  readonly signature: Signature;
  dispose(): void;
}

/**
 * Loads the TF.js model of a set of MODEL_FILES on the active backend (see selectBackend); model.onnx is not needed. The files are not
 * trusted: throws BAD_MODEL, with a bounded message, when one is missing, malformed, names weights elsewhere than in weights.bin, or when
 * sizes do not fit each other.
 */
export async function loadModel(files: Readonly<Record<string, Uint8Array>>): Promise<LoadedModel> {
  const preparation = parseFile(files, MODEL_FILES.preparation, FittedPreparationSchema);
  const width = preparation.features.reduce((sum, feature) => sum + featureWidth(feature), 0);
  if (width !== preparation.width)
    throw bad(MODEL_FILES.preparation, `says width ${preparation.width}, but its features take ${width}`);
  const signature = parseFile(files, MODEL_FILES.signature, SignatureSchema);
  const topology = parseFile(files, MODEL_FILES.topology, TopologySchema);
  const weights = fileOf(files, MODEL_FILES.weights);
  const { weights: weightSpecs } = topology.weightsManifest[0];
  const expected = weightSpecs.reduce((sum, { shape }) => sum + 4 * shape.reduce((size, dim) => size * dim, 1), 0);
  if (weights.byteLength !== expected) throw bad(MODEL_FILES.weights, `has ${weights.byteLength} bytes, expected ${expected}`);
  const model = await build({ modelTopology: topology.modelTopology, weightSpecs, weightData: new Uint8Array(weights).buffer });
  try {
    checkShapes(model, preparation);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, preparation, signature, dispose: () => void model.dispose() };
}

async function build(artifacts: tf.io.ModelArtifacts): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  } catch (error) {
    throw bad(MODEL_FILES.topology, errorMessage(error).slice(0, 200));
  }
}

function checkShapes(model: tf.LayersModel, preparation: FittedPreparation): void {
  const [input, output] = [model.inputs[0]?.shape, model.outputs[0]?.shape];
  const fits = model.inputs.length === 1 && input?.length === 2 && input[1] === preparation.width;
  if (!fits) throw bad(MODEL_FILES.topology, `does not take rows of ${preparation.width} numbers`);
  const classes = preparation.label.classes.length;
  if (model.outputs.length !== 1 || output?.length !== 2 || output[1] !== classes)
    throw bad(MODEL_FILES.topology, `does not give ${classes} probabilities`);
}

function fileOf(files: Readonly<Record<string, Uint8Array>>, name: string): Uint8Array {
  const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!bytes) throw bad(name, 'is missing');
  return bytes;
}

function parseFile<T extends z.ZodType>(files: Readonly<Record<string, Uint8Array>>, name: string, schema: T): z.output<T> {
  const bytes = fileOf(files, name);
  if (bytes.byteLength > MAX_JSON_BYTES) throw bad(name, `is larger than ${MAX_JSON_BYTES} bytes`);
  const parsed = schema.safeParse(parseJson(name, bytes));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(name, `is not valid at ${issue?.path.join('.') || 'the top'}: ${issue?.message.slice(0, 200)}`);
}

function parseJson(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw bad(name, 'is not JSON');
  }
}

function bad(file: string, why: string): DomainError {
  return new DomainError('BAD_MODEL', `${file} ${why}`, file);
}
