export interface StepRecord {
  readonly title: string;
  readonly ms: number;
  readonly outcome: string;
}

/** Prints the steps of the demo as they go, and the table at the end. */
export class Stage {
  private readonly records: StepRecord[] = [];

  constructor(private readonly write: (text: string) => void = (text) => void process.stdout.write(text)) {}

  /** Runs one step; what it returns is its line in the table. A step that throws ends the demo. */
  async step(title: string, run: () => Promise<string>): Promise<void> {
    const number = this.records.length + 1;
    this.write(`\n${number}. ${title}\n`);
    const started = performance.now();
    const outcome = await run();
    const ms = performance.now() - started;
    this.records.push({ title, ms, outcome });
    this.line(`✓ ${outcome} (${(ms / 1000).toFixed(1)} s)`);
  }

  line(text: string): void {
    this.write(`${text.replace(/^/gm, '   ')}\n`);
  }

  /** Table of steps, times and outcomes. */
  table(): void {
    const total = this.records.reduce((sum, record) => sum + record.ms, 0);
    const width = Math.max(...this.records.map((record) => record.title.length));
    this.write('\n');
    this.records.forEach((record, index) => {
      this.write(
        `${String(index + 1).padStart(2)}  ${record.title.padEnd(width)}  ${(record.ms / 1000).toFixed(1).padStart(6)} s  ${record.outcome}\n`,
      );
    });
    this.write(`    ${'all steps'.padEnd(width)}  ${(total / 1000).toFixed(1).padStart(6)} s\n`);
  }
}

/** A check of the demo: what was read back is not what it must be. */
export function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`check failed: ${message}`);
}
