import { Flags } from '@oclif/core';
import type { Printer } from '../output/printer.js';

export const firstFlag = {
  first: Flags.integer({ description: 'How many at most, newest first.', default: 50, min: 1, max: 100_000 }),
};

/** Says that a list was cut, so that nobody takes it for the whole. */
export function sayMore(printer: Printer, more: boolean, count: number): void {
  if (more) printer.say(`these are the newest ${count}; --first shows more`);
}
