import { Command, Flags } from '@oclif/core';
import { environment } from '#config';
import { TailraceClient } from '../client/tailrace-client.js';
import { EXIT } from '../exit-codes.js';
import { Printer } from '../output/printer.js';
import { resolveSession, type SessionFlags } from '../session.js';

export const jsonFlag = { json: Flags.boolean({ description: 'Print JSON; its shape is in docs/cli.md.', helpGroup: 'GLOBAL' }) };

/** A command that ends by itself: Ctrl-C ends it at once. */
export abstract class PlainCommand extends Command {
  static override baseFlags: typeof jsonFlag = jsonFlag;

  override async init(): Promise<void> {
    await super.init();
    process.once('SIGINT', () => process.exit(EXIT.interrupted));
  }

  protected printer(flags: { json: boolean }): Printer {
    return new Printer(flags.json);
  }
}

const serverFlags = {
  ...jsonFlag,
  url: Flags.string({
    description: 'Server; else TAILRACE_URL, the platform of this folder, or the one of the last login.',
    helpGroup: 'GLOBAL',
  }),
  'token-file': Flags.string({
    description: 'File with the token; else TAILRACE_TOKEN_FILE or TAILRACE_TOKEN.',
    helpGroup: 'GLOBAL',
  }),
};

/** A command that speaks to a server. */
export abstract class ServerCommand extends PlainCommand {
  static override baseFlags: typeof serverFlags = serverFlags;
  private client: TailraceClient | undefined;

  protected connect(flags: SessionFlags): TailraceClient {
    const { url, token } = resolveSession(flags, environment());
    return (this.client = new TailraceClient(url, token));
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.client?.close();
    await super.finally(error);
  }
}
