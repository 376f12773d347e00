import { errorMessage } from '#kernel';
import { readAccess } from './access-file.js';
import { EXIT, runAttempt } from './attempt.js';

const terminate = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => terminate.abort());
try {
  process.exit(await runAttempt(readAccess(process.argv[2]), terminate.signal, console.log));
} catch (error) {
  console.error(errorMessage(error));
  process.exit(EXIT.broken);
}
