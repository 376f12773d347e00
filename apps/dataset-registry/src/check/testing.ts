import { readTable } from '#engine-tfjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFile } from './check.js';
import type { CheckLimits, CheckRequest, CheckResult } from './check-types.js';

export const LIMITS: CheckLimits = { maxColumns: 2000, maxRows: 50_000_000 };

/** A folder for one test, and the check of a file in it. */
export class Sandbox {
  readonly dir = mkdtempSync(join(tmpdir(), 'check-'));
  readonly out = join(this.dir, 'table.parquet');

  path(name: string): string {
    return join(this.dir, name);
  }

  async check(
    content: string | Uint8Array,
    options: { name?: string; format?: CheckRequest['format']; limits?: CheckLimits } = {},
  ): Promise<CheckResult> {
    const file = this.path(options.name ?? 'data.csv');
    writeFileSync(file, content);
    return checkFile({ file, format: options.format ?? 'CSV', out: this.out, limits: options.limits ?? LIMITS });
  }

  /** Cells of the table that the last check wrote. */
  async table(): Promise<Record<string, readonly unknown[]>> {
    return (await readTable(this.out)).data;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Findings in short: code, line and column. */
export function short(result: CheckResult): unknown[] {
  return result.findings.map(({ code, line, column }) => [code, line, column].filter((part) => part !== undefined));
}
