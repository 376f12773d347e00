/** Names that a model has no honest use for: loading a pickle that imports them runs what its maker wants. */
const HOSTILE_MODULES = new Set(
  'os posix nt sys subprocess pty socket shutil runpy importlib ctypes commands webbrowser pip code codeop bdb pdb timeit asyncio multiprocessing threading signal http urllib requests ftplib smtplib telnetlib platform tempfile glob pickle marshal types inspect gc'.split(
    ' ',
  ),
);
const BUILTINS = new Set(['builtins', '__builtin__']);
const HOSTILE_BUILTINS = new Set(
  'eval exec execfile compile open input breakpoint __import__ globals locals vars apply'.split(' '),
);

/** Opcodes with arguments of a fixed number of bytes, and those whose argument begins with its length (Lib/pickletools.py of CPython). */
const FIXED: Readonly<Record<number, number>> = {
  0x4a: 4, 0x4b: 1, 0x4d: 2, 0x68: 1, 0x6a: 4, 0x71: 1, 0x72: 4, 0x47: 8, 0x80: 1, 0x82: 1, 0x83: 2, 0x84: 4, 0x95: 8,
}; // prettier-ignore
const COUNTED: Readonly<Record<number, 1 | 4 | 8>> = {
  0x54: 4, 0x55: 1, 0x58: 4, 0x42: 4, 0x43: 1, 0x8a: 1, 0x8b: 4, 0x8c: 1, 0x8d: 8, 0x8e: 8, 0x96: 8,
}; // prettier-ignore
/** Of the counted ones, those that are texts. */
const TEXTS = new Set([0x54, 0x55, 0x58, 0x8c, 0x8d]);
/** Opcodes whose argument is a line: FLOAT, INT, LONG, PERSID, STRING, UNICODE, GET, PUT. */
const LINES = new Set([0x46, 0x49, 0x4c, 0x50, 0x53, 0x56, 0x67, 0x70]);
const [GLOBAL, INST, STACK_GLOBAL, MEMOIZE, STOP] = [0x63, 0x69, 0x93, 0x94, 0x2e];
const [BINGET, LONG_BINGET, BINPUT, LONG_BINPUT] = [0x68, 0x6a, 0x71, 0x72];

const MAX_IMPORTS = 1000;

export interface PickleImports {
  readonly imports: readonly string[];
  /** Of these, the ones that no model needs. */
  readonly hostile: readonly string[];
  /** False when the stream could not be followed to its end: joblib puts raw arrays between the opcodes. */
  readonly complete: boolean;
}

/** What loading a pickle would import, found by walking its opcodes; nothing of it is loaded. */
export function pickleImports(bytes: Buffer): PickleImports {
  const walk = new Walk(bytes);
  const complete = walk.run();
  const imports = [...walk.imports];
  return { imports, hostile: imports.filter(isHostile), complete };
}

function isHostile(name: string): boolean {
  const [module = '', ...rest] = name.split('.');
  if (BUILTINS.has(module)) return HOSTILE_BUILTINS.has(rest.join('.'));
  return HOSTILE_MODULES.has(module);
}

/** Keeps the texts that were pushed or recalled last: a STACK_GLOBAL takes module and name from them. */
class Walk {
  readonly imports = new Set<string>();
  private readonly memo = new Map<number, string>();
  private readonly texts: string[] = [];
  private last: string | undefined;
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  run(): boolean {
    try {
      while (this.at < this.bytes.length && this.imports.size < MAX_IMPORTS) {
        const code = this.bytes[this.at++]!;
        if (code === STOP) return true;
        this.step(code);
      }
    } catch {
      // The stream is not what it says.
    }
    return false;
  }

  private step(code: number): void {
    if (code === GLOBAL || code === INST) this.imported(this.line(), this.line());
    else if (code === STACK_GLOBAL) this.imported(this.texts.at(-2) ?? '?', this.texts.at(-1) ?? '?');
    else if (code === MEMOIZE) this.remember(this.memo.size);
    else if (code in COUNTED) this.counted(code);
    else if (code in FIXED) this.fixed(code);
    else if (LINES.has(code)) this.lined(code);
    else this.last = undefined;
  }

  private imported(module: string, name: string): void {
    this.imports.add(`${module}.${name}`.slice(0, 200));
    this.last = undefined;
  }

  private counted(code: number): void {
    const width = COUNTED[code]!;
    const length = width === 8 ? Number(this.bytes.readBigUInt64LE(this.at)) : this.bytes.readUIntLE(this.at, width);
    const start = this.at + width;
    if (start + length > this.bytes.length) throw new RangeError('truncated');
    this.at = start + length;
    if (TEXTS.has(code)) this.push(this.bytes.toString('utf8', start, Math.min(this.at, start + 200)));
    else this.last = undefined;
  }

  private fixed(code: number): void {
    const width = FIXED[code]!;
    if (this.at + width > this.bytes.length) throw new RangeError('truncated');
    const place = width <= 4 ? this.bytes.readUIntLE(this.at, width) : 0;
    this.at += width;
    if (code === BINPUT || code === LONG_BINPUT) this.remember(place);
    else if (code === BINGET || code === LONG_BINGET) this.recall(place);
    else if (code !== 0x95) this.last = undefined;
  }

  private lined(code: number): void {
    const text = this.line();
    if (code === 0x70) this.remember(Number(text));
    else if (code === 0x67) this.recall(Number(text));
    else if (code === 0x53 || code === 0x56) this.push(text.replace(/^['"]|['"]$/g, ''));
    else this.last = undefined;
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new RangeError('truncated');
    const text = this.bytes.toString('utf8', this.at, Math.min(end, this.at + 200));
    this.at = end + 1;
    return text;
  }

  private push(text: string): void {
    this.last = text;
    this.texts.push(text);
    if (this.texts.length > 16) this.texts.shift();
  }

  /** Every value takes a place in the memo, also one that is no text: places are counted. */
  private remember(place: number): void {
    if (this.memo.size < 1_000_000) this.memo.set(place, this.last ?? '');
  }

  private recall(place: number): void {
    const text = this.memo.get(place);
    if (text) this.push(text);
    else this.last = undefined;
  }
}
