import { EXIT, Failure } from '../exit-codes.js';
import type { RestAccess } from '../mlflow/rest-client.js';

export interface SourceFlags {
  readonly url: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
}

/** Where and as whom the source is read; the URL that is shown and kept has no credentials. Throws Failure. */
export function sourceAccess(flags: SourceFlags, env: NodeJS.ProcessEnv): RestAccess {
  const url = URL.parse(flags.url);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Failure(
      `--url must be a URL like http://127.0.0.1:5000, not ${JSON.stringify(withoutUser(flags.url))}`,
      EXIT.usage,
    );
  const token = flags.token ?? (env['MLFLOW_TRACKING_TOKEN'] || undefined);
  const user = flags.username ?? (decoded(url.username) || env['MLFLOW_TRACKING_USERNAME'] || undefined);
  const password = flags.password ?? (decoded(url.password) || env['MLFLOW_TRACKING_PASSWORD'] || '');
  const plain = url.origin + url.pathname.replace(/\/+$/, '');
  const access = { url: plain, name: `the source ${plain}` };
  if (user !== undefined && flags.token === undefined)
    return { ...access, authorization: `Basic ${base64(`${user}:${password}`)}` };
  return token === undefined ? access : { ...access, authorization: `Bearer ${token}` };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const withoutUser = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
