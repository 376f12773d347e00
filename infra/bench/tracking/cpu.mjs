// What processes used, from /proc: CPU of a whole tree, and its memory. A tick is 10 ms, so measure a second of CPU or more.
import { readFileSync, readdirSync } from 'node:fs';

const TICK_MS = 10;

/** Every process: parent, session, and CPU of itself and of its children that have ended, in ms. */
function processes() {
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      found.set(Number(name), { parent: Number(fields[1]), session: Number(fields[3]), ms: ticks * TICK_MS });
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

/** The process, all below it, and those of its session that lost their parent. */
function treeOf(root, all) {
  const inside = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, { parent, session }] of all)
      if (!inside.has(pid) && (inside.has(parent) || session === root)) {
        inside.add(pid);
        grown = true;
      }
  }
  return [...inside].filter((pid) => all.has(pid));
}

/** CPU in ms of each of the trees since they began. What a child used is its parent's as soon as it has ended. */
export function cpuOf(...roots) {
  const all = processes();
  return roots.map((root) => treeOf(root, all).reduce((sum, pid) => sum + all.get(pid).ms, 0));
}

/** Proportional set size of a tree in MiB, and how many processes it has. */
export function memoryOf(root) {
  const tree = treeOf(root, processes());
  let kib = 0;
  for (const pid of tree) {
    try {
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // it ended while we looked
    }
  }
  return { mib: kib / 1024, processes: tree.length };
}
