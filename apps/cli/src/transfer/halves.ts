import type { ApiError } from '../client/api-error.js';
import { isRefusal } from '../mlflow/reader.js';

/** Sends items in batches. A batch that is refused is sent in halves, so that only the items that are refused by themselves are left out. */
export async function inHalves<T>(
  items: readonly T[],
  most: number,
  send: (items: readonly T[]) => Promise<unknown>,
  refused: (item: T, error: ApiError) => void,
): Promise<void> {
  for (let at = 0; at < items.length; at += most) await half(items.slice(at, at + most), send, refused);
}

async function half<T>(
  items: readonly T[],
  send: (items: readonly T[]) => Promise<unknown>,
  refused: (item: T, error: ApiError) => void,
): Promise<void> {
  try {
    await send(items);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (items.length === 1) return refused(items[0]!, error);
    const middle = Math.ceil(items.length / 2);
    await half(items.slice(0, middle), send, refused);
    await half(items.slice(middle), send, refused);
  }
}
