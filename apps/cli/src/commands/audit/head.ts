import type { AuditHead as Head } from '#contracts';
import { ServerCommand } from '../tailrace-command.js';

const QUERY = '{ auditHead { workspaceId position hash at } }';

export class AuditHead extends ServerCommand {
  static override summary = "Where the audit's chain ends, as JSON: keep it elsewhere, and verify against it later.";
  static override examples = ['<%= config.bin %> audit head > audit-head.json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditHead);
    const { auditHead } = await this.connect(flags).query<{ auditHead: Head }>(QUERY);
    this.printer(flags).data(auditHead, () => JSON.stringify(auditHead));
  }
}
