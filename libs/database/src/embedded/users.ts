import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export interface User extends Ids {
  readonly name: string;
}

/** The users of /etc/passwd; none when it cannot be read. */
export async function systemUsers(): Promise<User[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '') ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** Who runs PostgreSQL when root may not: postgres, else nobody, else any other user. initdb insists on a user that has a name. */
export async function unprivilegedUser(): Promise<User | undefined> {
  const users = (await systemUsers()).filter((user) => user.uid !== 0);
  const preferred = ['postgres', '_postgres', 'nobody'].map((name) => users.find((user) => user.name === name));
  return preferred.find(Boolean) ?? users[0];
}

async function mayEnter(path: string, ids: Ids): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  const bits = found.uid === ids.uid ? found.mode >> 6 : found.gid === ids.gid ? found.mode >> 3 : found.mode;
  return (bits & 1) === 1;
}

/** True when a process with these ids and no privileges may enter (or execute) `path` and every folder above it. */
export async function reachable(path: string, ids: Ids): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (!(await mayEnter(at, ids))) return false;
    if (at === dirname(at)) return true;
  }
}
