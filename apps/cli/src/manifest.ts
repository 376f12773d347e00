import { readFileSync } from 'node:fs';
import type { Interfaces } from '@oclif/core';
import { TOPICS } from './commands/index.js';

/** Folder of package.json, from the compiled code as well as from the source. */
export function packageRoot(): URL {
  return new URL(import.meta.url.includes('/dist/') ? '../../../../' : '../../../', import.meta.url);
}

export function commandsFile(): URL {
  return new URL('./commands/index.js', import.meta.url);
}

/** What oclif would read from package.json: the commands are named in one file, and nothing else is searched for. */
export function manifest(commands: string): Interfaces.PJSON {
  const { name, version, type } = JSON.parse(readFileSync(new URL('package.json', packageRoot()), 'utf8')) as {
    name: string;
    version: string;
    type: string;
  };
  const oclif = {
    bin: 'tailrace',
    dirname: 'tailrace',
    topicSeparator: ' ',
    commands: { strategy: 'explicit', target: commands, identifier: 'COMMANDS' },
    topics: TOPICS,
    additionalHelpFlags: ['-h'],
  };
  return { name, version, type, oclif } as unknown as Interfaces.PJSON;
}
