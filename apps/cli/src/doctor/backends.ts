import { warn, fail, ok, type Check } from './check.js';

const MEND: Readonly<Record<string, string>> = {
  gpu: 'for an NVIDIA GPU: npm i @tensorflow/tfjs-node-gpu, with CUDA 11.2 and cuDNN 8.1; without one nothing is missing',
  wasm: 'npm i @tensorflow/tfjs-backend-wasm; the processor needs SIMD',
};

/** Which TensorFlow.js backends compute rightly here; one that is slower than need be is worth a warning only where a GPU is asked for. */
export async function checkBackends(wanted: string): Promise<Check[]> {
  const { listBackends } = await import('#engine-tfjs');
  const trials = await listBackends();
  const best = trials.find((trial) => trial.ok)?.name;
  if (!best) return [fail('training', trials.map(({ name, reason }) => `${name}: ${reason}`).join('; '), MEND['wasm'])];
  return trials.map(({ name, ok: works, reason, ms }) => {
    const what = `backend ${name}`;
    if (works) return ok(what, `works (${ms} ms)${name === best ? '; the best here' : ''}`);
    if (name === wanted) return fail(what, `${reason}, and TAILRACE_TRAINING_BACKEND asks for it`, MEND[name]);
    return warn(what, reason ?? 'does not work', MEND[name]);
  });
}
