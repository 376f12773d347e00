import { readFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import type { AuditHead } from '#contracts';
import { chainLines } from '../../audit/chain-lines.js';
import { verifyChain, type Verdict } from '../../audit/verify-chain.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';

export class AuditVerify extends ServerCommand {
  static override summary = "Recompute the audit's chain here, from what the server sends. Exit code 1 at a break.";
  static override description =
    'From the beginning, or from the checkpoint that retention signed. --head holds it against a head that `audit head` printed earlier; --key against the public key of the checkpoints.';
  static override examples = ['<%= config.bin %> audit verify', '<%= config.bin %> audit verify --head audit-head.json'];
  static override flags = {
    head: Flags.string({ description: 'File that `audit head` was written to.' }),
    key: Flags.string({ description: 'Public key (PEM) that checkpoints must be signed by.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const { auditHead } = await client.query<{ auditHead: AuditHead }>('{ auditHead { workspaceId } }');
    const head = flags.head ? headIn(await readFile(flags.head, 'utf8'), flags.head, auditHead.workspaceId) : undefined;
    const publicKey = flags.key ? await readFile(flags.key, 'utf8') : undefined;
    const verdict = await verifyChain(chainLines(client), { workspaceId: auditHead.workspaceId, head, publicKey });
    printer.data(verdict, () => textOf(verdict));
    if (verdict.break) throw new Failure(`the chain breaks at position ${verdict.break.position}: ${verdict.break.problem}`);
  }
}

/** Throws Failure for what is no head, or that of another workspace. */
function headIn(text: string, file: string, workspaceId: string): AuditHead {
  let head: Partial<AuditHead> | undefined;
  try {
    head = JSON.parse(text) as Partial<AuditHead>;
  } catch {
    head = undefined;
  }
  if (!head || !Number.isInteger(head.position) || typeof head.hash !== 'string')
    throw new Failure(`${file} holds no head, such as \`tailrace audit head\` prints`, EXIT.usage);
  if (head.workspaceId !== workspaceId)
    throw new Failure(`the head in ${file} is that of the workspace ${head.workspaceId}`, EXIT.usage);
  return head as AuditHead;
}

function textOf({ ok, links, position, hash, waiting, checkpoint }: Verdict): string {
  const from = checkpoint
    ? `from the checkpoint at ${checkpoint.position} (entries of before ${checkpoint.before} are retired), `
    : '';
  const wait = waiting > 0 ? `; ${waiting} not linked yet` : '';
  return `${ok ? 'OK' : 'BROKEN'}  ${from}${links} links hold, up to position ${position}, ${hash}${wait}`;
}
