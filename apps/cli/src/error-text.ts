import { errorMessage } from '#kernel';
import { ApiError } from './client/api-error.js';
import { clean } from './output/clean.js';

/** One line that says what is wrong; undefined for what has nothing to say. */
export function errorText(error: unknown): string | undefined {
  if ((error as { code?: unknown } | null)?.code === 'EEXIT') return undefined;
  if (Array.isArray(error)) return clean(error.map((each: unknown) => errorMessage(each)).join('; '));
  const message = (closedSocket(error) ?? errorMessage(error)).replace(/^Parsing (--\S+)\s+/, '$1: ');
  const plain = message.replace(/\nSee more help with --help$/, '; --help shows what there is');
  const hint = error instanceof ApiError && error.code === 'UNAUTHENTICATED' ? ' (sign in with `tailrace login`)' : '';
  return (
    clean(
      plain
        .trim()
        .replaceAll(/:\n+/g, ': ')
        .replaceAll(/\n+\s*/g, '; '),
    ) + hint
  );
}

/** What graphql-ws throws when a WebSocket ends is a close event, no Error. */
function closedSocket(error: unknown): string | undefined {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
  if (error instanceof Error || typeof code !== 'number') return undefined;
  return `the connection was closed (${code}${typeof reason === 'string' && reason ? ` ${reason}` : ''})`;
}
