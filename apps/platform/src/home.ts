import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processIdentity } from '#database';

interface Running {
  readonly pid: number;
  readonly identity: string;
  readonly url?: string;
}

/** The folder that holds all state of one installation; one platform at a time works in it. */
export class Home {
  private constructor(readonly dir: string) {}

  /** Makes the folder and takes it. Throws when a platform that is alive (known by pid and start time) has it. */
  static async take(dir: string): Promise<Home> {
    await mkdir(dir, { recursive: true });
    await chmod(dir, 0o711);
    const home = new Home(dir);
    for (;;) {
      const other = await home.running();
      if (other)
        throw new Error(
          `a platform runs on ${dir} already (pid ${other.pid}${other.url ? `, ${other.url}` : ''}); stop it, or choose another folder with TAILRACE_HOME`,
        );
      await rm(home.file, { force: true });
      const mine: Running = { pid: process.pid, identity: (await processIdentity(process.pid))! };
      const won = await writeFile(home.file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 }).then(
        () => true,
        () => false,
      );
      if (won) return home;
    }
  }

  /** Tells others where this platform answers. */
  async announce(url: string): Promise<void> {
    const mine: Running = { pid: process.pid, identity: (await processIdentity(process.pid))!, url };
    await writeFile(this.file, JSON.stringify(mine), { mode: 0o600 });
  }

  async release(): Promise<void> {
    await rm(this.file, { force: true });
  }

  private get file(): string {
    return join(this.dir, 'platform.json');
  }

  private async running(): Promise<Running | undefined> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    try {
      const other = JSON.parse(text) as Running;
      return (await processIdentity(other.pid)) === other.identity ? other : undefined;
    } catch {
      return undefined;
    }
  }
}
