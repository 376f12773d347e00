import type { ScanResult } from '#contracts';

/** What a scan can find, and how bad it is: `refused` is broken or hostile, `unsafe` can execute code when it is loaded. */
const SEVERITY = {
  PICKLE: 'unsafe',
  PICKLE_IMPORTS: 'refused',
  PYTHON_CODE: 'unsafe',
  LAMBDA_LAYER: 'unsafe',
  PROGRAM: 'unsafe',
  NOT_LOOKED_AT: 'unsafe',
  ARCHIVE_PATH: 'refused',
  ARCHIVE_LINK: 'refused',
  ARCHIVE_BOMB: 'refused',
  ARCHIVE_BROKEN: 'refused',
  EXTERNAL_DATA: 'refused',
  WEIGHT_PATH: 'refused',
  BROKEN: 'refused',
} as const satisfies Record<string, 'unsafe' | 'refused'>;
export type ProblemCode = keyof typeof SEVERITY;

export interface Problem {
  readonly path: string;
  readonly code: ProblemCode;
  readonly message: string;
}

/** One file can have a million problems; the first ones tell enough. */
export const MAX_PROBLEMS = 100;

export function outcomeOf(problems: readonly Problem[]): ScanResult['outcome'] {
  if (problems.some(({ code }) => SEVERITY[code] === 'refused')) return 'refused';
  return problems.length > 0 ? 'unsafe' : 'clean';
}

/** Text of a stranger, short enough and without control characters. */
export function shown(text: string, most = 120): string {
  // eslint-disable-next-line no-control-regex
  return text.slice(0, most).replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');
}
