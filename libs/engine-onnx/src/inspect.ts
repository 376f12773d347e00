import type { GraphSummary } from '#contracts';
import { DomainError } from '#kernel';
import onnxProto, { type onnx } from 'onnx-proto';

/** TensorProto.DataLocation.EXTERNAL (onnx.proto3). */
const EXTERNAL = 1;

/** A tensor whose data lie in another file, as the model names it. */
export interface ExternalTensor {
  readonly tensor: string;
  readonly location: string;
}

/** What an ONNX file says of itself. */
export interface OnnxSummary extends GraphSummary {
  readonly external: readonly ExternalTensor[];
}

/**
 * Parses an ONNX model before any native code sees it, and refuses tensors stored outside the file and of `held`: external data are paths that the
 * runtime would open. Throws BAD_MODEL.
 */
export function inspectOnnx(bytes: Uint8Array, held: readonly string[] = []): void {
  const outside = summarizeOnnx(bytes).external.find(({ location }) => !held.includes(location));
  if (!outside) return;
  throw new DomainError(
    'BAD_MODEL',
    `tensor "${outside.tensor}" is stored outside the file; save the model as one file with its weights inside`,
  );
}

/**
 * Operators, weights and data outside of the file, also of subgraphs, functions and training graphs. Throws BAD_MODEL for what is no model, and for a
 * graph in which a node needs what no node before it gives (ONNX IR: nodes are sorted, so that a graph has no circle).
 */
export function summarizeOnnx(bytes: Uint8Array): OnnxSummary {
  const model = decode(bytes);
  if (!model.graph?.node?.length) throw new DomainError('BAD_MODEL', 'not an ONNX model: it has no graph with nodes');
  checkOrder(model.graph);
  const found = new Collected();
  // A stack of our own: nesting depth is the sender's choice.
  const graphs: onnx.IGraphProto[] = [model.graph];
  for (const training of model.trainingInfo ?? [])
    graphs.push(...[training.initialization, training.algorithm].filter((graph) => !!graph));
  for (const { node } of model.functions ?? []) graphs.push({ node });
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    found.weights(graph.initializer);
    found.sparse(graph.sparseInitializer);
    for (const node of graph.node ?? []) {
      found.operator(node.opType ?? '?');
      for (const attribute of node.attribute ?? []) graphs.push(...found.attribute(attribute));
    }
  }
  return found.summary();
}

function decode(bytes: Uint8Array): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(bytes);
  } catch {
    // The parser's own message may quote the bytes.
    throw new DomainError('BAD_MODEL', 'not an ONNX model: it is truncated or not a protobuf message');
  }
}

function checkOrder({ node = [], input, initializer, sparseInitializer }: onnx.IGraphProto): void {
  const names = (list: readonly { name?: string | null }[] | null | undefined) => (list ?? []).map(({ name }) => name ?? '');
  const given = new Set([
    ...names(input),
    ...names(initializer),
    ...names((sparseInitializer ?? []).map(({ values }) => values ?? {})),
  ]);
  for (const each of node ?? []) {
    // An empty name stands for an optional input that is not there.
    const missing = (each.input ?? []).find((name) => name !== '' && !given.has(name));
    if (missing !== undefined)
      throw new DomainError(
        'BAD_MODEL',
        `not an ONNX model: a node needs "${missing.slice(0, 80)}", which nothing before it gives; the graph has a circle or a gap`,
      );
    for (const name of each.output ?? []) given.add(name);
  }
}

class Collected {
  private readonly operators = new Map<string, number>();
  private readonly external: ExternalTensor[] = [];
  private parameters = 0;

  operator(name: string): void {
    const key = name.slice(0, 60);
    this.operators.set(key, (this.operators.get(key) ?? 0) + 1);
  }

  weights(tensors: readonly onnx.ITensorProto[] | null | undefined): void {
    for (const tensor of tensors ?? []) {
      this.parameters += (tensor.dims ?? []).reduce<number>((product, size) => product * Number(size), 1);
      this.look(tensor);
    }
  }

  sparse(tensors: readonly onnx.ISparseTensorProto[] | null | undefined): void {
    for (const { values, indices } of tensors ?? []) for (const tensor of [values, indices]) if (tensor) this.look(tensor);
  }

  /** Graphs inside of an attribute. */
  attribute(attribute: onnx.IAttributeProto): onnx.IGraphProto[] {
    for (const tensor of [...(attribute.t ? [attribute.t] : []), ...(attribute.tensors ?? [])]) this.look(tensor);
    this.sparse([...(attribute.sparseTensor ? [attribute.sparseTensor] : []), ...(attribute.sparseTensors ?? [])]);
    return [...(attribute.g ? [attribute.g] : []), ...(attribute.graphs ?? [])];
  }

  summary(): OnnxSummary {
    const operators = Object.fromEntries([...this.operators].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { operators, parameters: this.parameters, external: this.external };
  }

  private look(tensor: onnx.ITensorProto): void {
    if (tensor.dataLocation !== EXTERNAL && !tensor.externalData?.length) return;
    const location = tensor.externalData?.find(({ key }) => key === 'location')?.value ?? '';
    this.external.push({ tensor: (tensor.name ?? '').slice(0, 100), location });
  }
}
