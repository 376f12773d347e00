import { posix } from 'node:path';
import { z } from 'zod';
import type { GraphSummary } from '#contracts';
import { escapes, type Finding } from './entry-paths.js';

const ManifestSchema = z.array(
  z.object({
    paths: z.array(z.string()),
    weights: z.array(z.object({ name: z.string(), shape: z.array(z.number()).default([]) })).default([]),
  }),
);
const MAX_LAYERS = 100_000;

/** Whether a JSON document is the model.json of TensorFlow.js. */
export function isTfjs(document: unknown): document is { weightsManifest: unknown; modelTopology?: unknown } {
  return typeof document === 'object' && document !== null && 'weightsManifest' in document;
}

/** Weight files lie beside the model and are there; layers that hold code are named. `path` is that of model.json. */
export function inspectTfjs(
  document: { weightsManifest: unknown; modelTopology?: unknown },
  path: string,
  files: ReadonlySet<string>,
): { findings: Finding[]; graph: GraphSummary; weightPaths: string[] } {
  const manifest = ManifestSchema.safeParse(document.weightsManifest);
  if (!manifest.success)
    return {
      findings: [{ code: 'BROKEN', message: 'weightsManifest is not a list of groups of paths' }],
      graph: EMPTY,
      weightPaths: [],
    };
  const paths = manifest.data.flatMap((group) => group.paths);
  const findings = paths.flatMap((each) => weightProblem(each, path, files) ?? []);
  const operators = layerClasses(document.modelTopology);
  if (operators['Lambda']) findings.push({ code: 'LAMBDA_LAYER', message: 'a Lambda layer holds code' });
  const sizes = manifest.data.flatMap(({ weights }) => weights.map(({ shape }) => shape.reduce((product, n) => product * n, 1)));
  const weightPaths = paths.map((each) => posix.join(posix.dirname(path), each));
  return { findings, graph: { operators, parameters: sizes.reduce((sum, n) => sum + n, 0) }, weightPaths };
}

const EMPTY: GraphSummary = { operators: {}, parameters: null };

function weightProblem(weights: string, path: string, files: ReadonlySet<string>): Finding | undefined {
  const where = weights.slice(0, 80);
  if (/^[a-z][a-z0-9+.-]*:/i.test(weights) || weights.startsWith('//') || escapes(weights))
    return { code: 'WEIGHT_PATH', message: `the weights ${where} lie outside the model's folder` };
  if (!files.has(posix.join(posix.dirname(path), weights)))
    return { code: 'WEIGHT_PATH', message: `the weights ${where} are missing` };
  return undefined;
}

/** Class names of Keras layers, or operators of a graph model; a walk with a stack of its own, since how deep it goes is the sender's choice. */
export function layerClasses(topology: unknown): Record<string, number> {
  const counts = new Map<string, number>();
  const stack: unknown[] = [topology];
  let seen = 0;
  for (let value = stack.pop(); value !== undefined && seen < MAX_LAYERS; value = stack.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    seen++;
    const { class_name: layer, op, node, layers, config, model_config: keras } = value as Record<string, unknown>;
    const name = typeof layer === 'string' ? layer : typeof op === 'string' ? op : undefined;
    if (name) counts.set(name.slice(0, 60), (counts.get(name.slice(0, 60)) ?? 0) + 1);
    for (const inner of [node, layers, config, keras, (value as Record<string, unknown>)['layer']])
      if (Array.isArray(inner)) stack.push(...inner.slice(0, MAX_LAYERS));
      else if (inner !== undefined) stack.push(inner);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
