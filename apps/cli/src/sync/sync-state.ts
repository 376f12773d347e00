import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './lines.js';

/** A file that was sent, as it was then. */
export interface SentFile {
  readonly size: number;
  readonly mtimeMs: number;
}

/** How far a run's folder has been sent to a platform. Without it, a run is found by its tag and sent again, which changes nothing there. */
export interface RunState {
  runId?: string;
  readonly marks: Record<string, Mark>;
  readonly files: Record<string, SentFile>;
  /** Lines of metrics that are no points, as far as they were read. */
  readonly bad: { path: string; line: number; reason: string }[];
}

const FILE = '.tailrace-sync.json';

/** State by platform, in the folder of the run itself, so that it goes where the folder goes. */
export class SyncState {
  private text = '';

  private constructor(
    private readonly path: string,
    private readonly all: Record<string, RunState>,
    private readonly platform: string,
  ) {}

  static async of(dir: string, platform: string): Promise<SyncState> {
    const path = join(dir, FILE);
    const all = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as Record<string, RunState>)
      .catch(() => ({}) as Record<string, RunState>);
    all[platform] ??= { marks: {}, files: {}, bad: [] };
    const state = new SyncState(path, all, platform);
    state.text = JSON.stringify(all);
    return state;
  }

  get run(): RunState {
    return this.all[this.platform]!;
  }

  /** The platform does not know the run any more: nothing of it is there. */
  forget(): void {
    this.all[this.platform] = { marks: {}, files: {}, bad: [] };
  }

  /** A folder that cannot be written to is sent all the same; how far it came is then known as long as this process lives. */
  async save(): Promise<void> {
    const text = JSON.stringify(this.all);
    if (text === this.text) return;
    try {
      await writeFile(
        `${this.path}.new`,
        `${text}
`,
      );
      await rename(`${this.path}.new`, this.path);
      this.text = text;
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    }
  }
}
