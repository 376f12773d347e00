import { fault } from './faults.js';

export type FixedRoute = 'server' | 'live' | 'ready' | 'index' | 'livez' | 'readyz' | 'metrics';
export type ModelRoute = 'model' | 'modelReady' | 'infer';
export type Route =
  { readonly kind: FixedRoute } | { readonly kind: ModelRoute; readonly name: string; readonly version: string | undefined };

const FIXED: ReadonlyMap<string, FixedRoute> = new Map<string, FixedRoute>([
  ['/v2', 'server'],
  ['/v2/health/live', 'live'],
  ['/v2/health/ready', 'ready'],
  ['/v2/repository/index', 'index'],
  ['/livez', 'livez'],
  ['/readyz', 'readyz'],
  ['/metrics', 'metrics'],
]);
const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/;
const POSTED: ReadonlySet<string> = new Set(['index', 'infer']);

/** Throws NOT_FOUND, or METHOD_NOT_ALLOWED with the header Allow. */
export function matchRoute(method: string, url: string): Route {
  const end = url.indexOf('?');
  const route = routeOf(end === -1 ? url : url.slice(0, end));
  const isPost = POSTED.has(route.kind);
  if (isPost ? method !== 'POST' : method !== 'GET' && method !== 'HEAD')
    throw fault('METHOD_NOT_ALLOWED', `${method} is not allowed here`, { allow: isPost ? 'POST' : 'GET, HEAD' });
  return route;
}

function routeOf(path: string): Route {
  const kind = FIXED.get(path);
  if (kind) return { kind };
  const match = MODEL.exec(path);
  if (!match) throw fault('NOT_FOUND', 'there is nothing at this path; the protocol begins at /v2');
  const [, name, version, action] = match;
  const kinds = { ready: 'modelReady', infer: 'infer' } as const;
  return {
    kind: action ? kinds[action as 'ready' | 'infer'] : 'model',
    name: decode(name!),
    version: version === undefined ? undefined : decode(version),
  };
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw fault('BAD_REQUEST', 'the path is not percent-encoded UTF-8');
  }
}
