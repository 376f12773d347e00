import { Command, Flags } from '@oclif/core';

/** Runs the whole loop once, as a client like any other. */
export class Demo extends Command {
  static override summary = 'Show everything once: data set, training, gates, approval, deployment, prediction, lineage.';
  static override examples = [
    '<%= config.bin %> demo',
    '<%= config.bin %> demo --url http://127.0.0.1:7070 --token-file .tailrace/token',
  ];
  static override flags = {
    url: Flags.string({
      description: 'A platform that runs already; one is started when this is absent.',
      dependsOn: ['token-file'],
    }),
    'token-file': Flags.string({ description: 'File with an admin token of that platform.', dependsOn: ['url'] }),
    story: Flags.string({
      description:
        'loop: the main job from data to prediction. governance: a quarter in the life of one model, and what an auditor asks.',
      options: ['loop', 'governance'],
      default: 'loop',
    }),
    home: Flags.string({ description: 'Folder of the platform that is started.', exclusive: ['url'] }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    await import('reflect-metadata');
    const { tokenFrom } = await import('../session.js');
    const token = flags['token-file'] && tokenFrom(flags['token-file']);
    const input = { url: flags.url, token, home: flags.home };
    if (flags.story === 'governance') {
      const { runGovernanceDemo } = await import('../demo/governance/governance.js');
      return runGovernanceDemo(input);
    }
    const { runDemo } = await import('../demo/demo.js');
    await runDemo(input);
  }
}
