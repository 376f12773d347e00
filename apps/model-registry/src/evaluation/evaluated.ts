import { MODEL_FILES, type EvaluationRequest, type Table } from '#contracts';
import { loadModel, readTable, signatureOf, splitTable, type LoadedModel, type SplitTable } from '#engine-tfjs';
import { canonicalJson, DomainError, errorMessage } from '#kernel';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** A model with the table that it was trained on, divided as in its training. */
export interface Evaluated {
  readonly loaded: LoadedModel;
  readonly onnx: Uint8Array;
  readonly table: Table;
  readonly split: SplitTable;
}

/** Loads a model's files and its training table. Throws BAD_MODEL when a file is missing, malformed or contradicts another. */
export async function loadEvaluated(source: EvaluationRequest['candidate']): Promise<Evaluated> {
  const table = await readTable(source.trainingTable);
  const split = splitTable(source.spec, table);
  const files = await readFiles(source.dir);
  const loaded = await loadModel(files);
  try {
    checkConsistency(loaded, source);
  } catch (error) {
    loaded.dispose();
    throw error;
  }
  return { loaded, onnx: files[MODEL_FILES.onnx]!, table, split };
}

async function readFiles(dir: string): Promise<Record<string, Uint8Array>> {
  const names = Object.values(MODEL_FILES);
  const entries = await Promise.all(names.map(async (name) => [name, await readModelFile(dir, name)] as const));
  return Object.fromEntries(entries);
}

async function readModelFile(dir: string, name: string): Promise<Uint8Array> {
  const bytes = await readFile(join(dir, name)).catch((error: NodeJS.ErrnoException) => {
    throw new DomainError(
      'BAD_MODEL',
      `${name} ${error.code === 'ENOENT' ? 'is missing' : `cannot be read: ${errorMessage(error)}`}`,
      name,
    );
  });
  if (bytes.byteLength > MAX_FILE_BYTES)
    throw new DomainError('BAD_MODEL', `${name} is larger than ${MAX_FILE_BYTES} bytes`, name);
  return bytes;
}

function checkConsistency({ preparation, signature }: LoadedModel, { spec }: EvaluationRequest['candidate']): void {
  if (canonicalJson(signature) !== canonicalJson(signatureOf(preparation)))
    throw new DomainError(
      'BAD_MODEL',
      'signature.json does not say what preparation.json takes and gives',
      MODEL_FILES.signature,
    );
  if (preparation.label.column !== spec.label)
    throw new DomainError(
      'BAD_MODEL',
      `preparation.json predicts "${preparation.label.column}", but the training was for "${spec.label}"`,
      MODEL_FILES.preparation,
    );
}
