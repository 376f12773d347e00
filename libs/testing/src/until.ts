import { sleep } from '#kernel';

/** The first defined, true answer of `probe`, asked again and again. Throws naming `what` after `ms`; failures of the probe count as no answer. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false | null>,
  ms = 30_000,
  everyMs = 50,
): Promise<T> {
  let failure: unknown;
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(everyMs)) {
    const answer = await probe().catch((error: unknown) => void (failure = error));
    if (answer) return answer;
  }
  throw new Error(`${what}: not within ${ms / 1000} s`, { cause: failure });
}
