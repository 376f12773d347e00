import { canonicalJson, sha256 } from '#kernel';

/**
 * One row of the audit as the chain hashes it. `at` is UTC with microseconds, `2026-01-31T23:59:59.123456Z`; `before` and `after` are JSON in the text that
 * PostgreSQL writes of its jsonb, which is the same however often it is stored and read.
 */
export interface AuditEntry {
  readonly id: string;
  readonly workspaceId: string;
  readonly at: string;
  readonly actor: string;
  readonly memberId: string | null;
  readonly tokenId: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly count: number;
  readonly before: string | null;
  readonly after: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly eventId: string | null;
}

/** A link of the chain, with the row that it stands for; null when that is gone. */
export interface AuditLink {
  readonly position: number;
  readonly auditId: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly entry: AuditEntry | null;
}

/** Where a workspace's chain ends; kept elsewhere, it proves later that nothing before it was changed. */
export interface AuditHead {
  readonly workspaceId: string;
  readonly position: number;
  readonly hash: string;
  readonly at: string | null;
}

/** What retention says of the rows that it drops from a workspace; signed as canonical JSON. */
export interface AuditCheckpoint {
  readonly id: string;
  readonly workspaceId: string;
  readonly at: string;
  /** Rows of before this moment are dropped. */
  readonly before: string;
  /** The last link that is dropped, which the chain goes on from. */
  readonly position: number;
  readonly hash: string;
  /** Rows that are dropped now. */
  readonly rows: number;
  /** Links before `position` that stay, since their rows are younger. */
  readonly kept: number;
  readonly partitions: readonly string[];
  /** Public key of the signature: Ed25519, SPKI, PEM. */
  readonly publicKey: string;
}

/** What stands before the first link. */
export const CHAIN_START = '0'.repeat(64);

/** Hash of a link: lower-case hex SHA-256 over the previous link's hash, a line feed, and the canonical JSON of the row. */
export function linkHash(previousHash: string, entry: AuditEntry): string {
  return sha256(`${previousHash}\n${canonicalJson(entry)}`);
}
