import { open } from 'node:fs/promises';
import { constants, inflateSync } from 'node:zlib';

/** How a file is looked at. */
export type FileKind =
  | 'zip'
  | 'tar'
  | 'tar.gz'
  | 'gzip'
  | 'packed'
  | 'pickle'
  | 'hdf5'
  | 'onnx'
  | 'safetensors'
  | 'json'
  | 'npy'
  | 'python'
  | 'program'
  | 'mlmodel'
  | 'other';

const BY_EXTENSION: Readonly<Record<string, FileKind>> = {
  onnx: 'onnx',
  safetensors: 'safetensors',
  json: 'json',
  py: 'python',
  pyc: 'python',
  sh: 'python',
  so: 'program',
  dll: 'program',
  dylib: 'program',
  exe: 'program',
  class: 'program',
  jar: 'program',
  pb: 'program',
  pkl: 'pickle',
  pickle: 'pickle',
  joblib: 'pickle',
  cloudpickle: 'pickle',
  dill: 'pickle',
  npy: 'npy',
  zip: 'zip',
  tar: 'tar',
  tgz: 'tar.gz',
  gz: 'gzip',
  ...Object.fromEntries(['bz2', 'xz', 'lzma', 'zst', 'lz4', 'z', '7z', 'rar'].map((each) => [each, 'packed' as const])),
};

/** bzip2, xz, Zstandard, LZ4, 7z and RAR: what is in them is not looked at. */
const PACKED = ['425a68', 'fd377a585a', '28b52ffd', '04224d18', '377abcaf', '52617221'];

/** By its first bytes, and where these say nothing by its name: what a file is counts, not what it is called. */
export async function kindOf(local: string, path: string): Promise<FileKind> {
  const head = await headOf(local);
  const begins = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  const name = path.toLowerCase();
  if (begins(0x50, 0x4b, 0x03, 0x04) || begins(0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (begins(0x1f, 0x8b)) return /\.(tgz|tar\.gz|nemo|mar\.gz)$/.test(name) ? 'tar.gz' : 'gzip';
  if (head.toString('latin1', 257, 262) === 'ustar') return 'tar';
  if (begins(0x89, 0x48, 0x44, 0x46)) return 'hdf5';
  if (begins(0x7f, 0x45, 0x4c, 0x46) || begins(0x4d, 0x5a)) return 'program';
  if (begins(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return 'npy';
  if (PACKED.some((magic) => head.toString('hex', 0, magic.length / 2) === magic) || isZlib(head)) return 'packed';
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return 'pickle';
  if (/(^|\/)mlmodel$/.test(name)) return 'mlmodel';
  return kindByName(name);
}

/** What a file is by its name alone, as an entry of an archive is. */
export function kindByName(name: string): FileKind {
  return BY_EXTENSION[/\.([a-z0-9]+)$/.exec(name.toLowerCase())?.[1] ?? ''] ?? 'other';
}

/** What joblib packs by when nothing else is said. Two bytes are no proof: weights can begin with them. */
function isZlib(head: Buffer): boolean {
  if (head.length < 2 || head[0] !== 0x78 || head.readUInt16BE(0) % 31 !== 0) return false;
  try {
    return inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).length > 0;
  } catch {
    return false;
  }
}

async function headOf(local: string): Promise<Buffer> {
  const file = await open(local);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
