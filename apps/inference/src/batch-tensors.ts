import type { HostTensor, TensorData } from '#engine-onnx';

export type Tensors = Readonly<Record<string, HostTensor>>;
type Numbers = Exclude<TensorData, string[]>;

/** Joins the rows (first dimension) of requests whose other dimensions agree. */
export function joinRows(requests: readonly Tensors[], rows: number): Tensors {
  const [first] = requests;
  if (requests.length === 1) return first!;
  const joined: Record<string, HostTensor> = {};
  for (const [name, { datatype, shape }] of Object.entries(first!))
    joined[name] = { datatype, shape: [rows, ...shape.slice(1)], data: joinData(requests.map((request) => request[name]!.data)) };
  return joined;
}

function joinData(parts: readonly TensorData[]): TensorData {
  if (Array.isArray(parts[0])) return (parts as string[][]).flat();
  const arrays = parts as Numbers[];
  const Kind = arrays[0]!.constructor as new (length: number) => Float64Array;
  const out = new Kind(arrays.reduce((sum, array) => sum + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    // All of one kind, because all were decoded for the same input; the compiler cannot know.
    out.set(array as Float64Array, offset);
    offset += array.length;
  }
  return out;
}

/** Rows [start, start + rows) of each tensor, as views. */
export function sliceRows(tensors: Tensors, start: number, rows: number): Tensors {
  const out: Record<string, HostTensor> = {};
  for (const [name, { datatype, shape, data }] of Object.entries(tensors)) {
    const width = data.length / shape[0]!;
    const [from, to] = [start * width, (start + rows) * width];
    const part = Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
    out[name] = { datatype, shape: [rows, ...shape.slice(1)], data: part };
  }
  return out;
}

/** Requests with equal keys can be joined. */
export function joinKey(tensors: Tensors): string {
  return Object.values(tensors)
    .map(({ shape }) => shape.slice(1).join('x'))
    .join();
}
