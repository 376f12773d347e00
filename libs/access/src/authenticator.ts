import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { DomainError, sha256 } from '#kernel';
import { Notifier, Wakeups } from '#messaging';
import type { Principal } from './ctx.js';
import type { Grant, Scope } from './model/permissions.js';

interface Row {
  id: string;
  workspace_id: string;
  member_id: string | null;
  scope: Scope;
  usable: boolean;
  grants: Grant[] | null;
  expires_at: Date | null;
}

/**
 * How long a token is taken for what it was without asking again. A revocation is known at once in the process that made it, and by NOTIFY within
 * milliseconds in the others; this bounds it where the wake-up is lost.
 */
const TRUSTED_MS = 1000;
const MAX_TRUSTED = 10_000;
const CHANNEL = 'access_changed';

const QUERY = `select t.id, t.workspace_id, t.member_id, t.scope, t.expires_at,
    (t.revoked_at is null and (t.expires_at is null or t.expires_at > now())) as usable,
    (select jsonb_agg(jsonb_build_object('path', g.path, 'role', g.role)) from member_grant g where g.member_id = t.member_id) as grants
  from token t where t.hash = $1`;

interface Identity {
  readonly workspaceId: string;
  readonly principal: Principal;
}

@Injectable()
export class Authenticator implements OnModuleInit {
  private generation = 0;
  private readonly trusted = new Map<string, { readonly identity: Identity; readonly until: number }>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly wakeups: Wakeups,
    private readonly notifier: Notifier,
  ) {}

  onModuleInit(): void {
    this.wakeups.on(CHANNEL, () => this.forget());
  }

  /** Who a token stands for. Throws UNAUTHENTICATED for a token that is unknown, revoked or expired. */
  async authenticate(tokenText: string): Promise<Identity> {
    const hash = sha256(tokenText);
    const known = this.trusted.get(hash);
    const now = Date.now();
    if (known && known.until > now) return known.identity;
    const asked = this.generation;
    const [row] = await select<Row>(this.dataSource, QUERY, [hash]);
    if (!row?.usable) throw new DomainError('UNAUTHENTICATED', 'the token is unknown, revoked or expired');
    const principal: Principal = row.member_id
      ? { kind: 'member', memberId: row.member_id, tokenId: row.id, grants: row.grants ?? [], scope: row.scope }
      : { kind: 'service', tokenId: row.id, scope: row.scope };
    const identity = { workspaceId: row.workspace_id, principal };
    if (this.trusted.size > MAX_TRUSTED) this.trusted.clear();
    // What was read before rights changed is not remembered.
    if (asked === this.generation)
      this.trusted.set(hash, { identity, until: Math.min(now + TRUSTED_MS, row.expires_at?.getTime() ?? Infinity) });
    return identity;
  }

  /** To be called once rights have changed: from now on nobody is trusted for what they were. */
  changed(): void {
    this.forget();
    this.notifier.wake(CHANNEL);
  }

  private forget(): void {
    this.generation += 1;
    this.trusted.clear();
  }

  /** Rights that a member has now, for triggers that act for it. */
  async grantsOf(memberId: string): Promise<Grant[]> {
    return select<Grant>(this.dataSource, 'select path, role from member_grant where member_id = $1', [memberId]);
  }
}
