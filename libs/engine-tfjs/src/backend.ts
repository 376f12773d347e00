import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { DomainError, errorMessage } from '#kernel';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { selfTest } from './self-test.js';

export type BackendName = 'gpu' | 'wasm' | 'cpu';
export type BackendChoice = 'auto' | BackendName;

/** One backend that was tried: `reason` says why it was not taken, `ms` how long loading and the self-test took. */
export interface BackendTrial {
  readonly name: BackendName;
  readonly ok: boolean;
  readonly reason?: string;
  readonly ms: number;
}

export interface BackendReport {
  readonly chosen: BackendName;
  readonly engine: string;
  readonly tried: readonly BackendTrial[];
}

const ORDER: readonly BackendName[] = ['gpu', 'wasm', 'cpu'];
/** TF.js registers libtensorflow, with or without a GPU, under this name. */
const REGISTERED: Record<BackendName, string> = { gpu: 'tensorflow', wasm: 'wasm', cpu: 'cpu' };
const LOADERS: Record<BackendName, () => Promise<void>> = {
  gpu: loadGpu,
  wasm: async () => useInstalledWasm(),
  cpu: async () => {},
};

/**
 * Makes the first backend that loads and passes selfTest() the active one: with 'auto' in the order gpu, wasm, cpu, or `first` before these; otherwise only the one
 * named, since a silent fall-back would turn a GPU training into a CPU training. Throws BACKEND_UNAVAILABLE with every reason.
 */
export async function selectBackend(preferred: BackendChoice = 'auto', first?: string): Promise<BackendReport> {
  const order = [...ORDER.filter((name) => name === first), ...ORDER.filter((name) => name !== first)];
  const tried: BackendTrial[] = [];
  for (const name of preferred === 'auto' ? order : [preferred]) {
    const trial = await tryBackend(name);
    tried.push(trial);
    if (trial.ok) return { chosen: name, engine: engineName(), tried };
  }
  const reasons = tried.map((trial) => `${trial.name}: ${trial.reason}`).join('; ');
  throw new DomainError('BACKEND_UNAVAILABLE', `no usable TensorFlow.js backend: ${reasons}`, 'backend', { tried });
}

/** Tries every backend, skipping none; the active backend afterwards is the one that 'auto' would choose. */
export async function listBackends(): Promise<BackendTrial[]> {
  const trials: BackendTrial[] = [];
  for (const name of ORDER) trials.push(await tryBackend(name));
  const best = trials.find((trial) => trial.ok);
  if (best) await tf.setBackend(REGISTERED[best.name]);
  return trials;
}

function engineName(): string {
  return `tfjs ${tf.version.tfjs}`;
}

async function tryBackend(name: BackendName): Promise<BackendTrial> {
  const start = performance.now();
  const reason = await activate(name).catch((error: unknown) => errorMessage(error).split('\n')[0]!.slice(0, 300));
  const ms = Math.round(performance.now() - start);
  return reason === undefined ? { name, ok: true, ms } : { name, ok: false, reason, ms };
}

/** Answers why the backend cannot be used, or undefined. */
async function activate(name: BackendName): Promise<string | undefined> {
  // Production mode also keeps TF.js from greeting on the console in Node.
  tf.enableProdMode();
  await LOADERS[name]();
  // setBackend may answer false, or leave another backend active without a word.
  const accepted = await tf.setBackend(REGISTERED[name]);
  if (!accepted || tf.getBackend() !== REGISTERED[name]) return `TF.js refused the backend and left "${tf.getBackend()}" active`;
  if (name === 'gpu' && !seesGpu(tf.backend())) return 'libtensorflow runs, but without a GPU';
  return selfTest();
}

function seesGpu(backend: object): boolean {
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

function useInstalledWasm(): void {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  // Refused once the backend has been initialised.
  if (!('wasm' in tf.engine().registry)) setWasmPaths(dirname(entry) + sep);
}

/** An optional peer: the name is a variable so that neither the compiler nor a bundler asks for it. */
async function loadGpu(): Promise<void> {
  const require = createRequire(import.meta.url);
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 24 removed; tfjs fixed it (PR 8425) but has not released the fix.
  const util: { isNullOrUndefined?: (value: unknown) => boolean } = require('node:util');
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const peer = '@tensorflow/tfjs-node-gpu';
  try {
    require.resolve(peer);
  } catch {
    throw new Error(`${peer} is not installed`);
  }
  require(peer);
}
