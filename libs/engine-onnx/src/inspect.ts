import { DomainError } from '#kernel';
import onnxProto, { type onnx } from 'onnx-proto';

/** TensorProto.DataLocation.EXTERNAL (onnx.proto3). */
const EXTERNAL = 1;

/**
 * Parses an ONNX model before any native code sees it, and refuses tensors stored outside the file: external data are paths that the
 * runtime would open. Looks in initializers, attributes, subgraphs, functions and training graphs. Throws BAD_MODEL.
 */
export function inspectOnnx(bytes: Uint8Array): void {
  const model = decode(bytes);
  if (!model.graph?.node?.length) throw new DomainError('BAD_MODEL', 'not an ONNX model: it has no graph with nodes');
  // A stack of our own: nesting depth is the sender's choice.
  const graphs: onnx.IGraphProto[] = [model.graph];
  for (const training of model.trainingInfo ?? [])
    graphs.push(...[training.initialization, training.algorithm].filter((graph) => !!graph));
  for (const { node } of model.functions ?? []) graphs.push({ node });
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    refuseExternal(graph.initializer);
    refuseSparse(graph.sparseInitializer);
    for (const node of graph.node ?? []) for (const attribute of node.attribute ?? []) graphs.push(...graphsOf(attribute));
  }
}

function decode(bytes: Uint8Array): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(bytes);
  } catch {
    // The parser's own message may quote the bytes.
    throw new DomainError('BAD_MODEL', 'not an ONNX model: it is truncated or not a protobuf message');
  }
}

function graphsOf(attribute: onnx.IAttributeProto): onnx.IGraphProto[] {
  refuseExternal([...(attribute.t ? [attribute.t] : []), ...(attribute.tensors ?? [])]);
  refuseSparse([...(attribute.sparseTensor ? [attribute.sparseTensor] : []), ...(attribute.sparseTensors ?? [])]);
  return [...(attribute.g ? [attribute.g] : []), ...(attribute.graphs ?? [])];
}

function refuseSparse(tensors: readonly onnx.ISparseTensorProto[] | null | undefined): void {
  for (const { values, indices } of tensors ?? []) refuseExternal([values, indices].filter((tensor) => !!tensor));
}

function refuseExternal(tensors: readonly onnx.ITensorProto[] | null | undefined): void {
  const outside = tensors?.find((tensor) => tensor.dataLocation === EXTERNAL || (tensor.externalData?.length ?? 0) > 0);
  if (!outside) return;
  const name = (outside.name ?? '').slice(0, 100);
  throw new DomainError(
    'BAD_MODEL',
    `tensor "${name}" is stored outside the file; save the model as one file with its weights inside`,
  );
}
