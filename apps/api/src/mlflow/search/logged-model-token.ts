import { createHash } from 'node:crypto';
import { invalid } from '../wire/errors.js';

const mark = (part: unknown): string => createHash('sha256').update(JSON.stringify(part)).digest('base64url').slice(0, 8);

/** Page tokens of a search for logged models: they say which search they are of, and what of it has changed. */
export class LoggedModelToken {
  private readonly marks: readonly (readonly [mark: string, refusal: string])[];

  constructor(experimentIds: readonly string[], filter: string, orderBy: unknown) {
    this.marks = [
      [mark(experimentIds), 'Experiment IDs in the page token do not match the requested experiment IDs.'],
      [mark(filter), 'Filter string in the page token does not match the requested filter string.'],
      [mark(orderBy), 'Order by in the page token does not match the requested order by.'],
    ];
  }

  write(cursor: string): string {
    return [...this.marks.map(([own]) => own), cursor].join('.');
  }

  /** Throws INVALID_PARAMETER_VALUE for a token of another search. */
  read(token: string): string {
    const parts = token.split('.');
    if (parts.length !== this.marks.length + 1) throw invalid(`Invalid page token: ${token.slice(0, 200)}`);
    this.marks.forEach(([own, refusal], i) => {
      if (parts[i] !== own) throw invalid(refusal);
    });
    return parts.at(-1)!;
  }
}
