import { ApiError } from '../client/api-error.js';

/** Largest JSON answer: more than two million points of an old server that sends whole histories. */
const MAX_JSON = 200 * 2 ** 20;

/** Text of an answer. Throws when it is larger than allowed, before all of it is there. */
export async function textWithin(response: Response, most = MAX_JSON): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > most) throw new ApiError('TOO_LARGE', `an answer has more than ${most} bytes`, 413);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** JSON; Python's bare NaN and Infinity are understood, as text. Throws ApiError for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => (part.startsWith('"') ? part : `"${part}"`)));
    } catch {
      throw new ApiError('NO_JSON', `the answer is no JSON: ${text.slice(0, 80)}; is that the address of an MLflow server?`, 422);
    }
  }
}
