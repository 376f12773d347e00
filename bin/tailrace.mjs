#!/usr/bin/env node
// Starts the command line. On a Node.js that is too old it goes on with the one that the package brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);
const recent = major > 22 || (major === 22 && minor >= 22);
const packaged = join(root, 'node_modules', 'node', 'bin', 'node');

if (!recent && existsSync(packaged) && process.execPath !== packaged) {
  const child = spawn(packaged, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
} else {
  const entry = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
  if (!existsSync(entry)) {
    process.stderr.write('Tailrace is not built yet: run npm run build\n');
    process.exit(1);
  }
  // What Node has compiled is kept beside the build, where only who installed it can write.
  module.enableCompileCache(join(root, 'dist', '.compile-cache'));
  await import(pathToFileURL(entry).href);
}
