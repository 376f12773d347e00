import * as tf from '@tensorflow/tfjs';
import { MODEL_FILES, type FittedPreparation } from '#contracts';
import { canonicalJson } from '#kernel';
import { exportOnnx } from './export-onnx.js';
import { signatureOf } from './signature.js';

/** The files of a trained model by the names of MODEL_FILES: TF.js topology and weights, preparation, ONNX graph and signature. */
export async function modelFiles(model: tf.LayersModel, preparation: FittedPreparation): Promise<Record<string, Uint8Array>> {
  const signature = signatureOf(preparation);
  const { topology, weights } = await layersModel(model);
  return {
    [MODEL_FILES.topology]: json(topology),
    [MODEL_FILES.weights]: weights,
    [MODEL_FILES.preparation]: json(preparation),
    [MODEL_FILES.onnx]: exportOnnx(model, preparation, signature),
    [MODEL_FILES.signature]: json(signature),
  };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

/** model.json as tf.loadLayersModel reads it (format "layers-model", one weight group in weights.bin) and the bytes of weights.bin. */
async function layersModel(model: tf.LayersModel): Promise<{ topology: unknown; weights: Uint8Array }> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = artifacts!;
  const chunks = Array.isArray(weightData) ? weightData : [weightData!];
  return {
    topology: {
      format: 'layers-model',
      generatedBy: `TensorFlow.js tfjs-layers v${tf.version.tfjs}`,
      convertedBy: null,
      modelTopology,
      weightsManifest: [{ paths: [MODEL_FILES.weights], weights: weightSpecs }],
    },
    weights: Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk))),
  };
}
