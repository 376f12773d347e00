import { childEntry } from '../child-entry.js';
import { runChild } from '../run-child.js';

/** A parent for the tests: starts a child that never ends, and lives until it is killed. */
void runChild({ entry: childEntry(import.meta.url, './fixture.child.ts'), input: { do: process.argv[2] }, timeoutMs: 60_000 });
setInterval(() => {}, 1000);
if (process.argv[3] === 'exit') setTimeout(() => process.exit(0), 400);
