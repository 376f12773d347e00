import { createPublicKey, verify } from 'node:crypto';
import { ChainCheck, type AuditCheckpoint, type AuditHead, type ChainBreak } from '#contracts';
import type { ChainLine, SignedCheckpoint } from './chain-lines.js';

export interface Expected {
  readonly workspaceId: string;
  /** Head that was kept elsewhere. */
  readonly head?: AuditHead;
  /** Public key (PEM) that checkpoints must be signed by; absent: any that the checkpoint names. */
  readonly publicKey?: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly links: number;
  /** Position and hash of the last link. */
  readonly position: number;
  readonly hash: string;
  /** Entries that are not linked yet. */
  readonly waiting: number;
  readonly checkpoint?: Pick<AuditCheckpoint, 'position' | 'before' | 'at' | 'publicKey'>;
  readonly break?: ChainBreak;
}

/** Recomputes every hash of a chain, from its beginning or from the checkpoint that retention signed. Stops at the first break. */
export async function verifyChain(lines: AsyncIterable<ChainLine>, expected: Expected): Promise<Verdict> {
  let checkpoint: AuditCheckpoint | undefined;
  let check: ChainCheck | undefined;
  const verdict = (waiting: number, broken?: ChainBreak): Verdict => {
    const { count: links = 0, last = { position: 0, hash: '' } } = check ?? {};
    return { ok: !broken, links, ...last, waiting, checkpoint: checkpoint && shown(checkpoint), break: broken };
  };
  const begin = () => (check ??= new ChainCheck(expected.workspaceId, checkpoint, expected.head));
  for await (const line of lines) {
    if ('checkpoint' in line) {
      checkpoint = JSON.parse(line.checkpoint.body) as AuditCheckpoint;
      const problem = problemOf(line.checkpoint, checkpoint, expected);
      if (problem) return verdict(0, { position: checkpoint.position, problem });
    } else if ('end' in line) {
      const { strays, waiting } = line.end;
      return verdict(waiting, begin().end() ?? strayBreak(strays, begin().last.position));
    } else {
      const broken = begin().add(line);
      if (broken) return verdict(0, broken);
    }
  }
  throw new Error('the answer of the server ended before the chain did; try again');
}

function problemOf({ body, signature }: SignedCheckpoint, checkpoint: AuditCheckpoint, expected: Expected): string | undefined {
  const key = createPublicKey(checkpoint.publicKey);
  if (!verify(null, Buffer.from(body), key, Buffer.from(signature, 'base64')))
    return 'the signature of the checkpoint does not hold';
  if (checkpoint.workspaceId !== expected.workspaceId) return 'the checkpoint is that of another workspace';
  if (expected.publicKey !== undefined && !key.equals(createPublicKey(expected.publicKey)))
    return 'the checkpoint is signed by another key than the one given';
  return undefined;
}

function strayBreak(strays: readonly string[], position: number): ChainBreak | undefined {
  if (strays.length === 0) return undefined;
  return { position, problem: `entries that the log knows nothing of: ${strays.join(', ')}` };
}

function shown({ position, before, at, publicKey }: AuditCheckpoint): NonNullable<Verdict['checkpoint']> {
  return { position, before, at, publicKey };
}
