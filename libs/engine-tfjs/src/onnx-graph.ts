import onnxProto, { type onnx } from 'onnx-proto';

/** Element types of TensorProto that the exporter uses (onnx.proto3, TensorProto.DataType). */
export const ELEMENT = { float: 1, int64: 7, string: 8, double: 11 } as const;
export type ElementType = (typeof ELEMENT)[keyof typeof ELEMENT];

/** AttributeProto.AttributeType. */
const ATTRIBUTE = { int: 2, ints: 7, strings: 8 } as const;
const OPSET = 17;
const ML_OPSET = 3;
const ML_DOMAIN = 'ai.onnx.ml';
/** ONNX 1.10 to 1.12 wrote IR version 8; every onnxruntime since 1.12 reads it. */
const IR_VERSION = 8;

/** Collects the nodes of one ONNX graph. Internal names begin with a prefix that no name of `reserved` has, so they never collide. */
export class OnnxGraph {
  private readonly nodes: onnx.INodeProto[] = [];
  private readonly initializers: onnx.ITensorProto[] = [];
  private readonly inputs: onnx.IValueInfoProto[] = [];
  private readonly outputs: onnx.IValueInfoProto[] = [];
  private readonly prefix: string;
  private count = 0;

  constructor(reserved: readonly string[]) {
    let prefix = 't_';
    while (reserved.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
    this.prefix = prefix;
  }

  /** Declares an input of shape [N, columns]. */
  input(name: string, type: ElementType, columns: number): string {
    this.inputs.push(valueInfo(name, type, columns));
    return name;
  }

  /** Makes `value` an output of shape [N, columns] under the name given. */
  output(name: string, value: string, type: ElementType, columns: number): void {
    this.nodes.push({ opType: 'Identity', input: [value], output: [name], name: this.fresh('Identity') });
    this.outputs.push(valueInfo(name, type, columns));
  }

  node(opType: string, input: string[], attribute: onnx.IAttributeProto[] = [], domain = ''): string {
    const output = this.fresh(opType);
    this.nodes.push({ opType, input, output: [output], name: output, attribute, domain });
    return output;
  }

  labelEncoder(input: string, attribute: onnx.IAttributeProto[]): string {
    return this.node('LabelEncoder', [input], attribute, ML_DOMAIN);
  }

  floats(dims: number[], values: Float32Array): string {
    return this.constant(dims, ELEMENT.float, values);
  }

  doubles(dims: number[], values: readonly number[]): string {
    return this.constant(dims, ELEMENT.double, Float64Array.from(values));
  }

  int64s(dims: number[], values: readonly number[]): string {
    return this.constant(dims, ELEMENT.int64, BigInt64Array.from(values, BigInt));
  }

  private constant(dims: number[], dataType: ElementType, values: Float32Array | Float64Array | BigInt64Array): string {
    const name = this.fresh('const');
    this.initializers.push({
      name,
      dims,
      dataType,
      rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    });
    return name;
  }

  private fresh(what: string): string {
    return `${this.prefix}${what}_${this.count++}`;
  }

  encode(name: string): Uint8Array {
    const { nodes: node, initializers: initializer, inputs: input, outputs: output } = this;
    const opsetImport = [
      { domain: '', version: OPSET },
      { domain: ML_DOMAIN, version: ML_OPSET },
    ];
    const model = {
      irVersion: IR_VERSION,
      producerName: 'tailrace',
      opsetImport,
      graph: { name, node, initializer, input, output },
    };
    return onnxProto.onnx.ModelProto.encode(model).finish();
  }
}

export function intAttribute(name: string, value: number): onnx.IAttributeProto {
  return { name, type: ATTRIBUTE.int, i: value };
}

export function intsAttribute(name: string, values: readonly number[]): onnx.IAttributeProto {
  return { name, type: ATTRIBUTE.ints, ints: [...values] };
}

export function stringsAttribute(name: string, values: readonly string[]): onnx.IAttributeProto {
  return { name, type: ATTRIBUTE.strings, strings: values.map((value) => new TextEncoder().encode(value)) };
}

function valueInfo(name: string, elemType: ElementType, columns: number): onnx.IValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: [{ dimParam: 'N' }, { dimValue: columns }] } } } };
}
