import type { Caller } from '#contracts';
import { sha256, systemClock, type Clock } from '#kernel';
import { fault } from './faults.js';

/** Who may predict, by the hash of the token: tokens themselves never lie on this node. */
export class CallerBook {
  private byHash: ReadonlyMap<string, Caller> = new Map();

  constructor(private readonly clock: Clock = systemClock) {}

  replace(callers: readonly Caller[]): void {
    this.byHash = new Map(callers.map((caller) => [caller.hash, caller]));
  }

  /** The caller of an Authorization header. Throws UNAUTHENTICATED (why exactly is not said to strangers), FORBIDDEN for a token that is good but not for this. */
  authenticate(authorization: string | undefined): Caller {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!token) throw unauthenticated('a token is needed: Authorization: Bearer <token>');
    const caller = this.byHash.get(sha256(token));
    if (!caller || (caller.expiresAt !== null && caller.expiresAt <= this.clock.now().getTime()))
      throw unauthenticated('the token is not known here (a new one is within seconds), or has expired');
    if (caller.paths.length === 0)
      throw fault('FORBIDDEN', 'this token may not predict: its scope does not allow it, or its member has no role');
    return caller;
  }
}

/** Whether one of the caller's paths is the project or lies above it. */
export function mayUse(caller: Caller, endpoint: { readonly workspaceId: string; readonly project: string }): boolean {
  if (caller.workspaceId !== endpoint.workspaceId) return false;
  return caller.paths.some((path) => path === '/' || path === endpoint.project || endpoint.project.startsWith(`${path}/`));
}

function unauthenticated(message: string): Error {
  return fault('UNAUTHENTICATED', message, { 'www-authenticate': 'Bearer' });
}
