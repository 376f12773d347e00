import { errorMessage } from '#kernel';
import { fail, ok, warn, type Check } from './check.js';

const LAG = 1000;
const DEPTH = 1000;

/** Whether the platform answers and can work. */
export async function checkReady(url: string): Promise<Check> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    if (response.ok) return ok('platform', `ready at ${url}`);
    const { failed = {} } = (await response.json()) as { failed?: Record<string, string> };
    return fail(
      'platform',
      `${url} is not ready: ${Object.entries(failed)
        .map(([part, reason]) => `${part}: ${reason}`)
        .join('; ')}`,
      'mend that part; it goes on by itself',
    );
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause;
    return fail('platform', `nobody answers at ${url} (${errorMessage(cause ?? error)})`, 'npx tailrace up');
  }
}

/** What piles up. */
export async function checkQueues(url: string): Promise<Check[]> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (!response?.ok) return [warn('queues', '/metrics does not answer')];
  const text = await response.text();
  const lag = sumOf(text, 'tailrace_relay_lag_events');
  const dead = sumOf(text, 'tailrace_dead_jobs');
  const depth = sumOf(text, 'tailrace_queue_depth');
  return [
    lag === undefined
      ? warn('relay', 'says nothing')
      : lag > LAG
        ? warn('relay', `${lag} events wait to be passed on`, 'it should fall; the log of the platform says why it does not')
        : ok('relay', `${lag} events wait`),
    depth !== undefined && depth > DEPTH
      ? warn('queues', `${depth} jobs wait`, 'more workers, or wait')
      : ok('queues', `${depth ?? 0} jobs wait`),
    dead ? warn('dead jobs', `${dead} deliveries failed for the last time`, 'tailrace dead list') : ok('dead jobs', 'none'),
  ];
}

/** Sum of a metric over its labels in Prometheus text; undefined when it is not there. */
export function sumOf(text: string, name: string): number | undefined {
  const values = text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? ([^ ]+)/.exec(line);
    return match?.[1] === name ? [Number(match[2])] : [];
  });
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) : undefined;
}
