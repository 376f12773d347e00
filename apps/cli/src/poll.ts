import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './exit-codes.js';

const FIRST_MS = 100;
const LONGEST_MS = 1000;

/** Asks until the answer fits, ever less often. Throws Failure when it does not within `seconds`; `what` says what was waited for. */
export async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, seconds: number, what: string): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.5, LONGEST_MS)) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (Date.now() > deadline) throw new Failure(`${what}: not within ${seconds} s; it goes on, so look again later`);
    await delay(wait);
  }
}
