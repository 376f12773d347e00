import type { ModelExample } from '#contracts';
import { cellsOf, knownLabelRows, predict } from '#engine-tfjs';
import type { Evaluated } from './evaluated.js';

/** The first test row with a class that the model knows, as callers send it, with what the model answers; undefined when there is none. */
export function exampleOf({ loaded, table, split }: Evaluated): ModelExample | undefined {
  const { model, preparation, signature } = loaded;
  const [row] = knownLabelRows(preparation, table, split.parts.test).rows;
  if (row === undefined) return undefined;
  const inputs = Object.fromEntries(signature.inputs.map(({ name }) => [name, cellsOf(table, name)[row] ?? null]));
  const output = signature.outputs.find(({ datatype }) => datatype === 'FP32');
  return { inputs, outputs: output ? { [output.name]: [...predict(model, preparation, table, [row])] } : null };
}
