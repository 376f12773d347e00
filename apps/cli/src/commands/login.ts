import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { environment } from '#config';
import { TailraceClient } from '../client/tailrace-client.js';
import { storeCredentials } from '../credentials.js';
import { EXIT, Failure } from '../exit-codes.js';
import { renderFacts } from '../output/table.js';
import { checkedUrl, homeOf, runningPlatform, tokenFrom } from '../session.js';
import { ServerCommand } from './tailrace-command.js';

interface Me {
  readonly me: { id: string; name: string; grants: { path: string; role: string }[] } | null;
}

/** Checks a token and keeps it. */
export class Login extends ServerCommand {
  static override summary = 'Sign in to a server: check a token and keep it for later commands.';
  static override description =
    'The token comes from --token-file, from stdin, or is asked for; never from the command line, which others can read.';
  static override examples = [
    '<%= config.bin %> login --url https://mlops.example.org',
    '<%= config.bin %> login --url http://127.0.0.1:7070 < token',
  ];

  async run(): Promise<void> {
    const { flags } = await this.parse(Login);
    const printer = this.printer(flags);
    const url = serverUrl(flags.url);
    const token = flags['token-file'] ? tokenFrom(flags['token-file']) : await askToken();
    const { me } = await new TailraceClient(url, token).query<Me>('{ me { id name grants { path role } } }');
    const file = storeCredentials(environment(), url, token);
    const member = me?.name ?? null;
    printer.data({ url, member, grants: me?.grants ?? [], file }, () =>
      renderFacts({
        server: url,
        member: member ?? '(a token of no member)',
        roles: me?.grants.map(({ path, role }) => `${role} of ${path}`).join(', '),
      }),
    );
    printer.say(`signed in; kept in ${file}`);
  }
}

function serverUrl(flag: string | undefined): string {
  const env = environment();
  if (flag) return checkedUrl(flag, '--url');
  if (env['TAILRACE_URL']) return checkedUrl(env['TAILRACE_URL'], 'TAILRACE_URL');
  const home = runningPlatform(homeOf(env));
  if (home) return home.url;
  throw new Failure('say which server: tailrace login --url http://127.0.0.1:7070', EXIT.usage);
}

async function askToken(): Promise<string> {
  const token = (process.stdin.isTTY ? await hiddenAnswer('Token: ') : await text(process.stdin)).trim();
  if (token) return token;
  throw new Failure('no token was given; put it into a file and say --token-file FILE, or send it to stdin', EXIT.usage);
}

/** Reads a line from the terminal without showing it. */
async function hiddenAnswer(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  lines.on('SIGINT', () => process.exit(EXIT.interrupted));
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
