import type { Finding } from '#contracts';

const MAX_ERRORS = 20;
const MAX_WARNINGS = 50;

/** Collects findings; of a file with a thousand bad rows it keeps the first twenty and counts the rest. */
export class Findings {
  private readonly kept: Finding[] = [];
  private errors = 0;
  private warnings = 0;

  error(code: string, message: string, where: { line?: number; column?: string } = {}): void {
    if (++this.errors <= MAX_ERRORS) this.kept.push({ severity: 'error', code, message, ...where });
  }

  warning(code: string, message: string, where: { line?: number; column?: string } = {}): void {
    if (++this.warnings <= MAX_WARNINGS) this.kept.push({ severity: 'warning', code, message, ...where });
  }

  get errorCount(): number {
    return this.errors;
  }

  /** `open`: the reader gave up before the end of the file, so that there may be more. */
  list(open = false): Finding[] {
    const rest = this.errors - MAX_ERRORS;
    if (rest <= 0) return [...this.kept];
    const message = `and ${open ? 'at least ' : ''}${rest} more errors`;
    return [...this.kept, { severity: 'error', code: 'MORE_ERRORS', message }];
  }
}

/** A value of the file as it may stand in a message. */
export function quoteValue(value: string, max = 60): string {
  return JSON.stringify(value.length > max ? `${value.slice(0, max)}…` : value);
}
