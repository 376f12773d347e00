import type * as tf from '@tensorflow/tfjs';
import type { FittedPreparation, Signature } from '#contracts';
import { DomainError } from '#kernel';
import { featureWidth } from './preparation/fit.js';
import { ELEMENT, intAttribute, intsAttribute, OnnxGraph, stringsAttribute } from './onnx-graph.js';

type Feature = FittedPreparation['features'][number];
type NumericFeature = Extract<Feature, { kind: 'number' }>;
type TextFeature = Extract<Feature, { kind: 'text' }>;

const ACTIVATIONS: Readonly<Record<string, string | null>> = {
  linear: null,
  relu: 'Relu',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  elu: 'Elu',
  softmax: 'Softmax',
};

/**
 * One ONNX graph (opset 17, ai.onnx.ml 3) from raw columns to label and probabilities, so that serving needs no preparation code. Missing:
 * NaN in numbers, '' in text. Numbers are imputed and scaled in double and then cast, as applyPreparation does. Throws BAD_MODEL for a
 * layer or activation that has no counterpart here.
 */
export function exportOnnx(model: tf.LayersModel, prep: FittedPreparation, signature: Signature): Uint8Array {
  const names = [...signature.inputs, ...signature.outputs].map((tensor) => tensor.name);
  const graph = new OnnxGraph(names);
  const { value, order } = prepare(graph, prep);
  const probabilities = addLayers(graph, model, value, order);
  addOutputs(graph, probabilities, prep.label.classes, signature);
  return graph.encode('classifier');
}

/**
 * The prepared row [N, width]. All numbers run as one block, because each node costs more than its arithmetic; so the graph's columns are
 * numbers first, and `order[i]` is the column of applyPreparation that stands at i.
 */
function prepare(graph: OnnxGraph, prep: FittedPreparation): { value: string; order: number[] } {
  let offset = 0;
  const placed = prep.features.map((feature) => ({ feature, offset: (offset += featureWidth(feature)) - featureWidth(feature) }));
  // Inputs are declared in the order of the features, whatever order they are computed in.
  for (const { feature } of placed) graph.input(feature.column, feature.kind === 'number' ? ELEMENT.double : ELEMENT.string, 1);
  const numbers = placed.filter((item): item is { feature: NumericFeature; offset: number } => item.feature.kind === 'number');
  const texts = placed.filter((item): item is { feature: TextFeature; offset: number } => item.feature.kind === 'text');
  const blocks = texts.map(({ feature }) => oneHot(graph, feature));
  if (numbers.length > 0)
    blocks.unshift(
      scaled(
        graph,
        numbers.map(({ feature }) => feature),
      ),
    );
  const order = [...numbers, ...texts].flatMap((item) =>
    Array.from({ length: featureWidth(item.feature) }, (_, k) => item.offset + k),
  );
  return { value: blocks.length === 1 ? blocks[0]! : concat(graph, blocks), order };
}

function scaled(graph: OnnxGraph, features: readonly NumericFeature[]): string {
  const row = (pick: (feature: NumericFeature) => number) => graph.doubles([1, features.length], features.map(pick));
  const raw = concat(
    graph,
    features.map((feature) => feature.column),
  );
  const full = graph.node('Where', [graph.node('IsNaN', [raw]), row((feature) => feature.impute), raw]);
  const centered = graph.node('Sub', [full, row((feature) => feature.mean)]);
  return cast(graph, graph.node('Div', [centered, row((feature) => feature.std)]));
}

function oneHot(graph: OnnxGraph, feature: TextFeature): string {
  const { categories, impute, column } = feature;
  const indexes = categories.map((_, index) => index);
  const index = graph.labelEncoder(column, [
    stringsAttribute('keys_strings', ['', ...categories]),
    intsAttribute('values_int64s', [categories.indexOf(impute), ...indexes]),
    intAttribute('default_int64', -1),
  ]);
  return cast(graph, graph.node('Equal', [index, graph.int64s([1, categories.length], indexes)]));
}

function concat(graph: OnnxGraph, values: string[]): string {
  return graph.node('Concat', values, [intAttribute('axis', 1)]);
}

function cast(graph: OnnxGraph, value: string): string {
  return graph.node('Cast', [value], [intAttribute('to', ELEMENT.float)]);
}

function addLayers(graph: OnnxGraph, model: tf.LayersModel, input: string, order: readonly number[]): string {
  let value = input;
  let rows: readonly number[] | undefined = order;
  for (const layer of model.layers) {
    const kind = layer.getClassName();
    if (kind === 'InputLayer') continue;
    if (kind === 'Dense') value = dense(graph, layer, value, rows);
    else if (kind !== 'Activation')
      throw new DomainError('BAD_MODEL', `layer "${layer.name}" of kind ${kind} cannot be exported to ONNX`);
    value = activate(graph, layer, value);
    rows = undefined;
  }
  return value;
}

function dense(graph: OnnxGraph, layer: tf.layers.Layer, input: string, order: readonly number[] | undefined): string {
  const [kernel, bias] = layer.getWeights();
  const [rows, columns] = kernel!.shape as [number, number];
  const values = kernel!.dataSync<'float32'>();
  const sorted = order ? reorder(values, order, columns) : Float32Array.from(values);
  const product = graph.node('MatMul', [input, graph.floats([rows, columns], sorted)]);
  return bias ? graph.node('Add', [product, graph.floats([columns], Float32Array.from(bias.dataSync<'float32'>()))]) : product;
}

function reorder(kernel: Float32Array, order: readonly number[], columns: number): Float32Array {
  const out = new Float32Array(kernel.length);
  order.forEach((from, to) => out.set(kernel.subarray(from * columns, (from + 1) * columns), to * columns));
  return out;
}

function activate(graph: OnnxGraph, layer: tf.layers.Layer, input: string): string {
  const name = String(layer.getConfig()['activation']);
  const op = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (op === undefined)
    throw new DomainError('BAD_MODEL', `activation "${name}" of layer "${layer.name}" cannot be exported to ONNX`);
  if (op === null) return input;
  return graph.node(op, [input], op === 'Softmax' ? [intAttribute('axis', -1)] : []);
}

function addOutputs(graph: OnnxGraph, probabilities: string, classes: readonly string[], signature: Signature): void {
  const [label, scores] = signature.outputs;
  const winner = graph.node('ArgMax', [probabilities], [intAttribute('axis', 1), intAttribute('keepdims', 1)]);
  const name = graph.labelEncoder(winner, [
    intsAttribute(
      'keys_int64s',
      classes.map((_, index) => index),
    ),
    stringsAttribute('values_strings', classes),
  ]);
  graph.output(label!.name, name, ELEMENT.string, 1);
  graph.output(scores!.name, probabilities, ELEMENT.float, classes.length);
}
