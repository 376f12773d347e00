import { CHAIN_START, linkHash, type AuditCheckpoint, type AuditHead, type AuditLink } from './audit.js';

/** Where a chain does not hold, and how it differs. */
export interface ChainBreak {
  readonly position: number;
  readonly problem: string;
}

/** Follows a workspace's chain link by link, from its beginning or from a checkpoint, and recomputes every hash. */
export class ChainCheck {
  /** Links that held. */
  count = 0;
  private early = 0;
  private next: number;
  private previous: string;
  private found = false;

  constructor(
    private readonly workspaceId: string,
    private readonly checkpoint?: Pick<AuditCheckpoint, 'position' | 'hash' | 'kept'>,
    private readonly head?: Pick<AuditHead, 'position' | 'hash'>,
  ) {
    this.next = (checkpoint?.position ?? 0) + 1;
    this.previous = checkpoint?.hash ?? CHAIN_START;
    if (head && head.position === this.next - 1) this.found = head.hash === this.previous;
  }

  /** The next link, in the order of positions; answers what is wrong with it. */
  add(link: AuditLink): ChainBreak | undefined {
    const problem = this.problemOf(link);
    if (problem) return { position: Math.min(link.position, this.next), problem };
    this.count += 1;
    if (link.position < this.next) {
      this.early += 1;
      return undefined;
    }
    this.next += 1;
    this.previous = link.hash;
    if (this.head?.position !== link.position) return undefined;
    this.found = this.head.hash === link.hash;
    return this.found
      ? undefined
      : { position: link.position, problem: `its hash is ${link.hash}, not ${this.head.hash} as kept` };
  }

  /** What is wrong once every link was given. */
  end(): ChainBreak | undefined {
    const kept = this.checkpoint?.kept ?? 0;
    if (this.early !== kept)
      return {
        position: this.checkpoint!.position,
        problem: `${kept} links before the checkpoint should be there, ${this.early} are`,
      };
    if (!this.head || this.found) return undefined;
    const problem =
      this.head.position < this.next
        ? 'the head that was kept is of before the checkpoint, or differs from it'
        : `the chain ends at ${this.next - 1}, before the head that was kept`;
    return { position: this.head.position, problem };
  }

  /** Position and hash of the last link. */
  get last(): { readonly position: number; readonly hash: string } {
    return { position: this.next - 1, hash: this.previous };
  }

  private problemOf({ position, auditId, previousHash, hash, entry }: AuditLink): string | undefined {
    if (position > this.next) return `the link is gone; the next one there is ${position}`;
    if (position === this.next && previousHash !== this.previous)
      return `it follows ${previousHash}, but the link before it is ${this.previous}`;
    if (!entry) return `the row ${auditId} is gone`;
    if (entry.id !== auditId || entry.workspaceId !== this.workspaceId)
      return `the row ${entry.id} is not the one that was linked`;
    if (linkHash(previousHash, entry) !== hash) return `the row ${auditId} is not what it was when it was linked`;
    return undefined;
  }
}
