import { Command, Flags } from '@oclif/core';

/** Starts the platform and stays with it; it handles signals by itself. */
export class Up extends Command {
  static override summary = 'Start the platform here and keep it running until Ctrl-C.';
  static override description = 'With --json one line goes to stdout as soon as it is ready: {"url","token","pid"}.';
  static override examples = ['<%= config.bin %> up', '<%= config.bin %> up --home /srv/tailrace --port 8080'];
  static override flags = {
    home: Flags.string({ description: 'Folder for all state; else TAILRACE_HOME, else .tailrace.' }),
    port: Flags.string({
      description: 'Port; else TAILRACE_PORT, else 7070. The next free one is taken when it is not free; 0 takes any.',
    }),
    json: Flags.boolean({ description: 'Print url, token and pid as one line of JSON.' }),
  };

  async run(): Promise<void> {
    await this.parse(Up);
    await import('reflect-metadata');
    const { up } = await import('../../../platform/src/up.js');
    await up(this.argv);
  }
}
