import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Authenticator, createCtx, type Ctx } from '#access';
import { DomainError, newId } from '#kernel';
import { AttemptsService } from '#training';

const CORRELATION = Symbol('correlation');

/** Correlation id of a request: the caller's `x-correlation-id` when it is well formed, else a new one; the same at every call. */
export function correlationOf(request: IncomingMessage & { [CORRELATION]?: string }): string {
  const given = request.headers['x-correlation-id'];
  request[CORRELATION] ??= typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : newId('event').slice(4);
  return request[CORRELATION];
}

/** Token of a request: `Authorization: Bearer …`. Throws UNAUTHENTICATED when there is none or it is malformed. */
export function bearerToken(header: string | undefined): string {
  const match = /^Bearer ([\w.~+/-]{10,512}=*)$/i.exec(header ?? '');
  if (!match) throw new DomainError('UNAUTHENTICATED', 'send a token: Authorization: Bearer <token>');
  return match[1]!;
}

@Injectable()
export class RequestAuth {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly attempts: AttemptsService,
  ) {}

  async ctx(request: IncomingMessage, authorization = request.headers.authorization): Promise<Ctx> {
    const token = bearerToken(authorization);
    const more = { correlationId: correlationOf(request), address: request.socket.remoteAddress ?? null };
    if (token.startsWith('tra_')) return this.attempts.authenticate(token, more);
    const { workspaceId, principal } = await this.authenticator.authenticate(token);
    return createCtx(workspaceId, principal, more);
  }
}
