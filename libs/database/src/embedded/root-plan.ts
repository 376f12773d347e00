import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { layoutOf } from './layout.js';
import { userNamespacesWork, type RootMode, type RunAs } from './run-as.js';
import { reachable, systemUsers, unprivilegedUser, type User } from './users.js';

const ROOT = { uid: 0, gid: 0 };

/** Decides how root runs the server of `home`. Data that exist decide alone, by their owner. Throws when it cannot work, saying why. */
export async function planForRoot(home: string, base: string, rootMode: RootMode): Promise<RunAs> {
  const user = await unprivilegedUser();
  if (!user) throw new Error('PostgreSQL cannot run as root, and /etc/passwd names no other user: add one named postgres');
  const owner = await stat(layoutOf(home, base).data).catch(() => undefined);
  const mode = owner ? (owner.uid === 0 ? 'userns' : 'user') : await freeChoice(home, user, rootMode);
  if (owner && rootMode !== 'auto' && rootMode !== mode)
    throw new Error(`the data in ${base} belong to uid ${owner.uid}, so they need rootMode ${mode}, not ${rootMode}`);
  if (mode === 'userns' && !(await userNamespacesWork(user)))
    throw new Error(
      `the data in ${base} belong to root, whose server needs a user namespace, and this machine allows none (unshare --user)`,
    );
  if (mode === 'user' && owner) return { mode, ids: await named(owner.uid, owner.gid) };
  return { mode, ids: { uid: user.uid, gid: user.gid } };
}

/** A namespace leaves root without its privileges, so the folders above `home` must let a plain uid 0 pass. */
async function freeChoice(home: string, user: User, rootMode: RootMode): Promise<'userns' | 'user'> {
  if (rootMode !== 'auto') return rootMode;
  return (await userNamespacesWork(user)) && (await reachable(dirname(home), ROOT)) ? 'userns' : 'user';
}

async function named(uid: number, gid: number): Promise<{ uid: number; gid: number }> {
  const user = (await systemUsers()).find((known) => known.uid === uid);
  return user ? { uid: user.uid, gid: user.gid } : { uid, gid };
}
