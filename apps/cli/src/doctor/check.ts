export interface Check {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly detail: string;
  /** What would mend it. */
  readonly mend?: string;
}

export const ok = (what: string, detail: string): Check => ({ level: 'ok', what, detail });
export const warn = (what: string, detail: string, mend?: string): Check => ({ level: 'warn', what, detail, mend });
export const fail = (what: string, detail: string, mend?: string): Check => ({ level: 'fail', what, detail, mend });
