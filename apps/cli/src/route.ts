import { EXIT, Failure } from './exit-codes.js';
import { nearest } from './suggest.js';

const HELP = ['--help', '-h'];

/**
 * The words as oclif takes them: `help X` is `X --help`. Throws Failure for a command that there is not, with the nearest one that there is:
 * oclif itself would show the help of a topic and call it a success.
 */
export function routed(argv: readonly string[], ids: readonly string[]): string[] {
  if (argv[0] === 'help') return [...argv.slice(1), '--help'];
  const wantsHelp = argv.length === 0 || HELP.includes(argv[0]!) || argv[0] === '--version';
  if (!wantsHelp && argv[0]!.startsWith('-'))
    throw new Failure(`say a command before ${argv[0]}; \`tailrace --help\` lists them`, EXIT.usage);
  if (!wantsHelp) checkCommand(argv, ids);
  return [...argv];
}

function checkCommand([first = '', second]: readonly string[], ids: readonly string[]): void {
  const below = ids.filter((id) => id.startsWith(`${first}:`)).map((id) => id.split(':')[1]!);
  if (ids.includes(first) || below.includes(second ?? '')) return;
  if (below.length === 0) {
    const meant = meantBy(first, second, ids);
    throw new Failure(
      `there is no command ${JSON.stringify(first)}${meant ? `; did you mean \`tailrace ${meant}\`?` : ''} (\`tailrace --help\` lists them)`,
      EXIT.usage,
    );
  }
  if (second === undefined || HELP.includes(second)) return;
  const meant = nearest(second, below);
  const hint = meant ? `did you mean \`tailrace ${first} ${meant}\`?` : `\`tailrace ${first}\` has ${below.join(', ')}`;
  throw new Failure(`there is no command ${JSON.stringify(`${first} ${second}`)}; ${hint}`, EXIT.usage);
}

/** Word by word: the nearest first word, and under it the nearest second one. */
function meantBy(first: string, second: string | undefined, ids: readonly string[]): string | undefined {
  const topic = nearest(first, [...new Set(ids.map((id) => id.split(':')[0]!))]);
  const below = ids.filter((id) => id.startsWith(`${topic}:`)).map((id) => id.split(':')[1]!);
  const under = second === undefined ? undefined : nearest(second, below);
  return topic && under ? `${topic} ${under}` : topic;
}
