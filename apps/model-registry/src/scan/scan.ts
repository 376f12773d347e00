import { readFile, open } from 'node:fs/promises';
import { posix } from 'node:path';
import type { GraphSummary, HeldFormat, ScanResult, Signature } from '#contracts';
import { summarizeOnnx } from '#engine-onnx';
import { isDomainError } from '#kernel';
import { escapes, type Finding } from './entry-paths.js';
import { kindByName, kindOf, type FileKind } from './formats.js';
import { readMlmodel } from './mlmodel.js';
import { pickleImports } from './pickle.js';
import { MAX_PROBLEMS, outcomeOf, shown, type Problem, type ProblemCode } from './problems.js';
import { inspectSafetensors } from './safetensors.js';
import { inspectGzip, inspectTar } from './tar.js';
import { inspectTfjs, isTfjs, layerClasses } from './tfjs.js';
import { inspectZip } from './zip.js';

/** A file of a model: where it is named in the model's folder, and where it lies to be looked at. */
export interface ScannedFile {
  readonly path: string;
  readonly local: string;
  readonly size: number;
}

/** What is read into memory as a whole is no larger. */
const MAX_WHOLE = 512 * 1024 ** 2;
const MAX_JSON = 64 * 1024 ** 2;
const MAX_YAML = 1024 ** 2;
const MAX_HEAD = 64 * 1024 ** 2;
/** An example that is longer is not kept. */
const MAX_EXAMPLE = 16 * 1024;
/** As MLflow's clients name them, that which is as callers send it before the other. */
const EXAMPLES = ['serving_input_example.json', 'input_example.json'];

type Format =
  | 'tfjs'
  | 'onnx'
  | 'pickle'
  | 'pytorch'
  | 'keras'
  | 'hdf5'
  | 'safetensors'
  | 'numpy'
  | 'archive'
  | 'python'
  | 'program'
  | 'mlflow';

/** Looks at the files of a model without loading any: what formats they hold, what can execute code, what is broken or hostile. */
export async function scan(files: readonly ScannedFile[]): Promise<ScanResult> {
  const look = new Look(new Set(files.map(({ path }) => path)));
  for (const file of files) await look.at(file);
  return look.result();
}

class Look {
  private readonly problems: Problem[] = [];
  private readonly formats = new Map<Format, Set<string>>();
  private readonly graphs: Record<string, GraphSummary> = {};
  private signature: Signature | null = null;
  private readonly examples = new Map<string, unknown>();
  /** Folder of the description of MLflow. */
  private home: string | undefined;

  constructor(private readonly paths: ReadonlySet<string>) {}

  async at(file: ScannedFile): Promise<void> {
    if (escapes(file.path)) this.say(file.path, 'ARCHIVE_PATH', 'its name leads out of the model');
    await this.handlers[await kindOf(file.local, file.path)](file);
  }

  result(): ScanResult {
    const formats = [...this.formats].map(([name, paths]): HeldFormat => ({
      name,
      unsafe: isUnsafe(name),
      paths: [...paths].sort(),
    }));
    formats.sort((a, b) => (a.name < b.name ? -1 : 1));
    const { problems, graphs, signature } = this;
    return { outcome: outcomeOf(problems), problems, formats, graphs, signature, example: this.example() };
  }

  private readonly handlers: Readonly<Record<FileKind, (file: ScannedFile) => Promise<void>>> = {
    zip: (file) => this.zip(file),
    tar: (file) => this.tar(file, false),
    'tar.gz': (file) => this.tar(file, true),
    gzip: async (file) => {
      this.archive(file, await inspectGzip(file.local, file.size));
      this.unseen(file.path);
    },
    packed: async (file) => {
      this.archive(file, []);
      this.unseen(file.path);
    },
    pickle: (file) => this.pickle(file),
    hdf5: (file) => this.hdf5(file),
    onnx: (file) => this.onnx(file),
    safetensors: (file) => this.safetensors(file),
    json: (file) => this.json(file),
    npy: (file) => this.numpy(file),
    python: async ({ path }) => {
      this.holds('python', path);
      this.say(path, 'PYTHON_CODE', 'it is a program that loading the model may run');
    },
    program: async ({ path }) => {
      this.holds('program', path);
      this.say(path, 'PROGRAM', path.endsWith('.pb') ? 'a graph of TensorFlow may read and write files' : 'it is a program');
    },
    mlmodel: (file) => this.mlmodel(file),
    other: (file) => this.unknown(file),
  };

  private async zip(file: ScannedFile): Promise<void> {
    const wanted = (name: string) => kindByName(name) === 'pickle' || name === 'config.json';
    const { names, findings, read } = await inspectZip(file.local, file.size, wanted);
    this.found(file.path, findings);
    for (const [name, bytes] of read) if (name !== 'config.json') this.imports(`${file.path}!${name}`, bytes);
    this.entries(
      file.path,
      names.filter((name) => !read.has(name)),
    );
    const pickles = names.filter((name) => name.endsWith('.pkl'));
    if (pickles.length > 0) {
      this.holds('pytorch', file.path);
    } else if (read.has('config.json') && names.includes('metadata.json')) this.keras(file.path, read.get('config.json')!);
    else this.holds(names.length > 0 && names.every((name) => name.endsWith('.npy')) ? 'numpy' : 'archive', file.path);
  }

  private keras(path: string, config: Buffer): void {
    this.holds('keras', path);
    const operators = layerClasses(parsed(config.toString('utf8')));
    this.graphs[path] = { operators, parameters: null };
    if (operators['Lambda']) this.say(path, 'LAMBDA_LAYER', 'a Lambda layer holds code');
  }

  private async tar(file: ScannedFile, gzip: boolean): Promise<void> {
    const { names, findings } = await inspectTar(file.local, file.size, gzip);
    this.archive(file, findings);
    this.entries(file.path, names);
  }

  /** Entries of an archive that were not read, by their names: what can execute code or holds more of them is said, once of each kind. */
  private entries(path: string, names: readonly string[]): void {
    const first = new Map(names.toReversed().map((name) => [kindByName(name), name]));
    for (const [kind, name] of first)
      if (kind === 'pickle') this.say(path, 'PICKLE', `the entry ${shown(name)} is a pickle, which runs what it says`);
      else if (kind === 'python' || kind === 'program') this.say(path, 'PROGRAM', `the entry ${shown(name)} is a program`);
      else if (PACKS.has(kind)) this.unseen(path, `in its entry ${shown(name)}`);
  }

  private unseen(path: string, where = 'in it'): void {
    this.say(path, 'NOT_LOOKED_AT', `what is packed ${where} is not looked at`);
  }

  /** Pickles of the first protocols begin with no mark: what imports something that no model needs is one. */
  private async unknown(file: ScannedFile): Promise<void> {
    const bytes = await beginning(file, MAX_HEAD);
    const { hostile, complete } = pickleImports(bytes);
    const names = hostile.filter((name) => /^[\w.]+$/.test(name));
    if (names.length === 0) return;
    this.holds('pickle', file.path);
    if (complete) this.imports(file.path, bytes);
    else this.say(file.path, 'PICKLE', `it can be read as a pickle that imports ${shown(names[0]!)}`);
  }

  private archive({ path }: ScannedFile, findings: readonly Finding[]): void {
    this.holds('archive', path);
    this.found(path, findings);
  }

  private async pickle(file: ScannedFile): Promise<void> {
    this.holds('pickle', file.path);
    this.imports(file.path, await beginning(file, MAX_WHOLE));
  }

  private imports(path: string, bytes: Buffer): void {
    const { imports, hostile, complete } = pickleImports(bytes);
    if (hostile.length > 0)
      this.say(
        path,
        'PICKLE_IMPORTS',
        `loading it would run ${hostile
          .slice(0, 5)
          .map((name) => shown(name))
          .join(', ')}`,
      );
    const modules = [...new Set(imports.map((name) => shown(name.split('.')[0]!)))].slice(0, 8).join(', ');
    const rest = complete ? '' : '; it could not be followed to its end';
    this.say(path, 'PICKLE', `loading a pickle runs what it says; it imports from ${modules || 'nothing'}${rest}`);
  }

  private async hdf5(file: ScannedFile): Promise<void> {
    this.holds('hdf5', file.path);
    const head = await beginning(file, MAX_HEAD);
    if (/"class_name":\s*"Lambda"/.test(head.toString('latin1')))
      this.say(file.path, 'LAMBDA_LAYER', 'a Lambda layer holds code');
  }

  private async onnx(file: ScannedFile): Promise<void> {
    this.holds('onnx', file.path);
    if (file.size > MAX_WHOLE) return this.say(file.path, 'NOT_LOOKED_AT', `it has more than ${MAX_WHOLE} bytes`);
    try {
      const { external, ...graph } = summarizeOnnx(await readFile(file.local));
      this.graphs[file.path] = graph;
      const folder = posix.dirname(file.path);
      const outside = external.find(({ location }) => escapes(location) || !this.paths.has(posix.join(folder, location)));
      if (outside)
        this.say(
          file.path,
          'EXTERNAL_DATA',
          `the tensor ${shown(outside.tensor)} lies in ${shown(outside.location) || 'no file'}, outside of the model`,
        );
    } catch (error) {
      if (!isDomainError(error)) throw error;
      this.say(file.path, 'BROKEN', error.message);
    }
  }

  private async safetensors(file: ScannedFile): Promise<void> {
    this.holds('safetensors', file.path);
    const { findings, graph } = await inspectSafetensors(file.local, file.size);
    this.graphs[file.path] = graph;
    this.found(file.path, findings);
  }

  private async json(file: ScannedFile): Promise<void> {
    if (file.size > MAX_JSON) return;
    const document = parsed(await readFile(file.local, 'utf8'));
    if (EXAMPLES.includes(posix.basename(file.path)) && file.size <= MAX_EXAMPLE) this.examples.set(file.path, document);
    if (!isTfjs(document)) return;
    const { findings, graph, weightPaths } = inspectTfjs(document, file.path, this.paths);
    this.holds('tfjs', file.path, ...weightPaths.filter((path) => this.paths.has(path)));
    this.graphs[file.path] = graph;
    this.found(file.path, findings);
  }

  private async numpy(file: ScannedFile): Promise<void> {
    this.holds('numpy', file.path);
    const head = await beginning(file, 4096);
    // NEP 1: an array of objects is a pickle behind the header.
    if (/'descr':\s*'\|O'/.test(head.toString('latin1'))) this.say(file.path, 'PICKLE', 'an array of objects is a pickle');
  }

  private async mlmodel(file: ScannedFile): Promise<void> {
    const model = readMlmodel((await beginning(file, MAX_YAML)).toString('utf8'));
    if (!model) return this.say(file.path, 'BROKEN', 'it is no description of a model of MLflow');
    this.holds('mlflow', file.path);
    this.signature ??= model.signature;
    this.home ??= posix.dirname(file.path);
  }

  private example(): unknown {
    const { home } = this;
    if (home === undefined) return null;
    return EXAMPLES.map((name) => this.examples.get(posix.join(home, name))).find((found) => found !== undefined) ?? null;
  }

  private holds(format: Format, ...paths: readonly string[]): void {
    const known = this.formats.get(format) ?? new Set();
    for (const path of paths) known.add(path);
    this.formats.set(format, known);
  }

  private found(path: string, findings: readonly Finding[]): void {
    for (const { code, message } of findings) this.say(path, code, message);
  }

  private say(path: string, code: ProblemCode, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ path: shown(path), code, message: shown(message, 300) });
  }
}

const PACKS: ReadonlySet<FileKind> = new Set(['zip', 'tar', 'tar.gz', 'gzip', 'packed']);
const UNSAFE: ReadonlySet<Format> = new Set(['pickle', 'pytorch', 'python', 'program']);
const isUnsafe = (format: Format): boolean => UNSAFE.has(format);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function beginning(file: ScannedFile, most: number): Promise<Buffer> {
  const handle = await open(file.local);
  try {
    const length = Math.min(file.size, most);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
