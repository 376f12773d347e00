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
  if (!wantsHelp) {
    checkCommand(argv, ids);
    checkBelow([argv[0]!], argv.slice(1), ids);
  }
  return [...argv];
}

function checkCommand([first = '', second]: readonly string[], ids: readonly string[]): void {
  if (ids.includes(first) || below(first, ids).length > 0) return;
  const meant = meantBy(first, second, ids);
  throw new Failure(
    `there is no command ${JSON.stringify(first)}${meant ? `; did you mean \`tailrace ${meant}\`?` : ''} (\`tailrace --help\` lists them)`,
    EXIT.usage,
  );
}

/** Follows the words of `rest` as long as they name topics, which have commands below them. */
function checkBelow(topic: readonly string[], [word, ...rest]: readonly string[], ids: readonly string[]): void {
  const words = below(topic.join(':'), ids);
  if (words.length === 0 || ids.includes(topic.join(':')) || word === undefined || HELP.includes(word)) return;
  if (words.includes(word)) return checkBelow([...topic, word], rest, ids);
  const said = topic.join(' ');
  const meant = nearest(word, words);
  const hint = meant ? `did you mean \`tailrace ${said} ${meant}\`?` : `\`tailrace ${said}\` has ${words.join(', ')}`;
  throw new Failure(`there is no command ${JSON.stringify(`${said} ${word}`)}; ${hint}`, EXIT.usage);
}

/** The words that may stand after a topic. */
function below(topic: string, ids: readonly string[]): string[] {
  const under = ids.filter((id) => id.startsWith(`${topic}:`)).map((id) => id.slice(topic.length + 1).split(':')[0]!);
  return [...new Set(under)];
}

/** Word by word: the nearest first word, and under it the nearest second one. */
function meantBy(first: string, second: string | undefined, ids: readonly string[]): string | undefined {
  const topic = nearest(first, [...new Set(ids.map((id) => id.split(':')[0]!))]);
  const under = second === undefined || !topic ? undefined : nearest(second, below(topic, ids));
  return topic && under ? `${topic} ${under}` : topic;
}
