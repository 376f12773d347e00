// Builds dist/ from the TypeScript sources: seconds, and nothing at all when it is fresh. Files are put in place one by one by rename, and only
// those that changed, so that a platform that runs from dist/ never finds it gone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stamp = join(dist, '.fingerprint');

const files = (dir) =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function fingerprint() {
  const hash = createHash('sha256');
  const sources = [...files(join(root, 'libs')), ...files(join(root, 'apps'))].filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  for (const file of [...sources, join(root, '.swcrc'), join(root, 'package.json')])
    hash.update(relative(root, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

const now = fingerprint();
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) process.exit(0);

mkdirSync(dist, { recursive: true });
const fresh = mkdtempSync(join(root, 'node_modules', '.build-'));
try {
  const swc = join(root, 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
  const run = spawnSync(process.execPath, [swc, 'libs', 'apps', '-d', fresh, '--ignore', '**/*.test.ts', '--quiet'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (run.status !== 0) process.exit(run.status ?? 1);
  const made = new Set(files(fresh).map((file) => relative(fresh, file)));
  for (const name of made) {
    const [from, to] = [join(fresh, name), join(dist, name)];
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
  for (const file of files(dist)) if (file !== stamp && !made.has(relative(dist, file))) rmSync(file);
  writeFileSync(stamp, now);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
