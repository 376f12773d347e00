import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { GraphSummary } from '#contracts';
import type { Finding } from './entry-paths.js';

/** As the format's own readers (github.com/huggingface/safetensors, "Format"): 8 bytes length, a JSON header of at most 100 MB, the tensors. */
const MAX_HEADER = 100_000_000;
const TensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int(), z.int()]),
});

export async function inspectSafetensors(path: string, size: number): Promise<{ findings: Finding[]; graph: GraphSummary }> {
  const header = await readHeader(path, size);
  if (typeof header === 'string')
    return { findings: [{ code: 'BROKEN', message: header }], graph: { operators: {}, parameters: null } };
  const { document, room } = header;
  const findings: Finding[] = [];
  let parameters = 0;
  for (const [name, value] of Object.entries(document)) {
    if (name === '__metadata__') continue;
    const tensor = TensorSchema.safeParse(value);
    const [begin, end] = tensor.data?.data_offsets ?? [0, -1];
    if (!tensor.success || begin < 0 || end < begin || end > room) {
      findings.push({ code: 'BROKEN', message: `the tensor ${name.slice(0, 80)} does not lie inside the file` });
      break;
    }
    parameters += tensor.data.shape.reduce((product, n) => product * n, 1);
  }
  return { findings, graph: { operators: {}, parameters } };
}

async function readHeader(path: string, size: number): Promise<{ document: Record<string, unknown>; room: number } | string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const length = bytesRead === 8 ? Number(buffer.readBigUInt64LE(0)) : -1;
    if (length < 2 || length > MAX_HEADER || length + 8 > size) return 'its header is longer than the file';
    const text = (await file.read(Buffer.alloc(length), 0, length, 8)).buffer.toString('utf8');
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null && !Array.isArray(document)
      ? { document: document as Record<string, unknown>, room: size - 8 - length }
      : 'its header is no JSON object';
  } catch {
    return 'its header is no JSON object';
  } finally {
    await file.close();
  }
}
