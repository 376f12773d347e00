/** Works on items, `jobs` at a time. The first error stops what has not begun, and is thrown when what had begun is over. */
export async function eachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  for await (const item of items) {
    if (failed) break;
    const one: Promise<void> = work(item)
      .catch((error: unknown) => void (failed ??= { error }))
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= jobs) await Promise.race(running);
  }
  await Promise.all(running);
  if (failed) throw failed.error;
}
