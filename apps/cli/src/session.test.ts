import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { credentialsFile, knownServers, storeCredentials } from './credentials.js';
import { resolveSession } from './session.js';

const HOME_URL = 'http://127.0.0.1:7171';
let dir: string;
let env: Record<string, string>;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailrace-session-'));
  env = { TAILRACE_HOME: join(dir, 'home'), XDG_CONFIG_HOME: join(dir, 'config') };
});
afterEach(() => rmSync(dir, { recursive: true }));

function aPlatformRuns(pid = process.pid): void {
  mkdirSync(join(dir, 'home'));
  writeFileSync(join(dir, 'home', 'platform.json'), JSON.stringify({ pid, identity: 'x', url: HOME_URL }));
  writeFileSync(join(dir, 'home', 'token'), 'home-token\n');
}

function tokenFile(token: string): string {
  const file = join(dir, `${token}.txt`);
  writeFileSync(file, `${token}\n`);
  return file;
}

it('takes flags before the environment before the home before the login', () => {
  storeCredentials(env, 'https://stored.example', 'stored-token');
  expect(resolveSession({}, env)).toMatchObject({ url: 'https://stored.example', token: 'stored-token' });
  aPlatformRuns();
  expect(resolveSession({}, env)).toMatchObject({ url: HOME_URL, token: 'home-token' });
  Object.assign(env, { TAILRACE_URL: 'https://env.example', TAILRACE_TOKEN: 'env-token' });
  expect(resolveSession({}, env)).toMatchObject({ url: 'https://env.example', token: 'env-token', source: 'TAILRACE_URL' });
  env['TAILRACE_TOKEN_FILE'] = tokenFile('env-file-token');
  expect(resolveSession({}, env).token).toBe('env-file-token');
  const flags = { url: 'https://flag.example/', 'token-file': tokenFile('flag-token') };
  expect(resolveSession(flags, env)).toEqual({ url: 'https://flag.example', token: 'flag-token', source: '--url' });
});

it('sends a token that it found only where it belongs', () => {
  aPlatformRuns();
  storeCredentials(env, 'https://stored.example', 'stored-token');
  expect(() => resolveSession({ url: 'https://other.example' }, env)).toThrow(
    expect.objectContaining({ exitCode: 4, message: expect.stringContaining('tailrace login --url') }),
  );
  expect(resolveSession({ url: 'https://stored.example' }, env).token).toBe('stored-token');
  expect(resolveSession({ url: HOME_URL }, env).token).toBe('home-token');
});

it('leaves a platform alone that is gone', () => {
  aPlatformRuns(2 ** 22 + 1);
  expect(() => resolveSession({}, env)).toThrow(
    expect.objectContaining({ exitCode: 7, message: expect.stringContaining('tailrace up') }),
  );
});

it('says what is wrong with what it was given', () => {
  expect(() => resolveSession({ url: 'localhost:7070' }, env)).toThrow(expect.objectContaining({ exitCode: 2 }));
  expect(() => resolveSession({ url: HOME_URL, 'token-file': join(dir, 'none') }, env)).toThrow(
    expect.objectContaining({ exitCode: 4, message: expect.stringContaining('cannot be read') }),
  );
});

it('keeps credentials of several servers, for their owner only', () => {
  storeCredentials(env, 'https://one.example', '1');
  storeCredentials(env, 'https://two.example', '2');
  expect(knownServers(env)).toEqual({
    current: 'https://two.example',
    servers: { 'https://one.example': { token: '1' }, 'https://two.example': { token: '2' } },
  });
  expect(statSync(credentialsFile(env)).mode & 0o777).toBe(0o600);
});
