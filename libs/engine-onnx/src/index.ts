export { loadOnnx, type OnnxModel, type OnnxOptions } from './session.js';
export { inspectOnnx, summarizeOnnx, type ExternalTensor, type OnnxSummary } from './inspect.js';
export { type HostTensor, type TensorData } from './host-tensor.js';
export { decodeInputs, encodeOutputs, type DecodedInputs } from './tensors.js';
export { binaryOutputs, parseBinaryRequest, type BinaryRequest, type BinaryResponse } from './binary.js';
export { type WireInput, type WireOutput } from './wire.js';
export { rowTensor } from './row-tensor.js';
export { predictRows, type RowPredictions } from './predict-rows.js';
