import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, EXIT } from '../exit-codes.js';

/** A step that is finished: what it was about, and what became of it. */
export interface Step {
  readonly kind: string;
  readonly id: string;
  readonly [fact: string]: unknown;
}

/**
 * Steps that are finished, a JSON line each; the last one of a kind and id counts. A line that was torn by a crash is cut off. Lines that are
 * added at the same time share one write to the disk.
 */
export class StateFile {
  private waiting: string[] = [];
  private writing: Promise<void> | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly steps: Map<string, Step>,
  ) {}

  /** `about` says what the steps belong to. Throws Failure for a file that belongs to something else. */
  static async open(path: string, about: Readonly<Record<string, string>>): Promise<StateFile> {
    await mkdir(dirname(path), { recursive: true });
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw new Failure(`the state file ${path} cannot be read: ${error.message}`);
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const steps = stepsOf(whole);
    const file = await open(path, 'a');
    await file.truncate(Buffer.byteLength(whole));
    const state = new StateFile(path, file, steps);
    await state.check(about);
    return state;
  }

  get<T extends Step>(kind: string, id: string): T | undefined {
    return this.steps.get(`${kind} ${id}`) as T | undefined;
  }

  /** Done when the line is on the disk. */
  async add(step: Step): Promise<void> {
    this.steps.set(`${step.kind} ${step.id}`, step);
    this.waiting.push(`${JSON.stringify(step)}\n`);
    while (this.writing) await this.writing;
    if (this.waiting.length === 0) return;
    this.writing = this.flush().finally(() => (this.writing = undefined));
    await this.writing;
  }

  async close(): Promise<void> {
    while (this.writing) await this.writing;
    await this.file.close();
  }

  private async flush(): Promise<void> {
    const lines = this.waiting.join('');
    this.waiting = [];
    await this.file.appendFile(lines);
    await this.file.datasync();
  }

  private async check(about: Readonly<Record<string, string>>): Promise<void> {
    const known = this.get('about', 'this');
    if (!known) return this.add({ kind: 'about', id: 'this', ...about });
    for (const [fact, value] of Object.entries(about))
      if (known[fact] !== value)
        throw new Failure(
          `${this.path} belongs to another ${fact} (${String(known[fact])}, not ${value}); name another file with --state`,
          EXIT.usage,
        );
  }
}

function stepsOf(text: string): Map<string, Step> {
  const steps = new Map<string, Step>();
  for (const line of text.split('\n')) {
    const step = stepOf(line);
    if (step) steps.set(`${step.kind} ${step.id}`, step);
  }
  return steps;
}

function stepOf(line: string): Step | undefined {
  try {
    const step = JSON.parse(line) as Step | null;
    return typeof step?.kind === 'string' && typeof step.id === 'string' ? step : undefined;
  } catch {
    return undefined;
  }
}
