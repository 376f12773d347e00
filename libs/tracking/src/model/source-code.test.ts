import { describe, expect, it, test } from 'vitest';
import { sha256 } from '#kernel';
import { codeOf } from './source-code.js';

const git = (name: string, value: string) => ({ [`mlflow.source.git.${name}`]: value });

describe('codeOf', () => {
  it('takes source and commit from MLflow tags', () => {
    expect(codeOf({ 'mlflow.source.name': 'train.py', ...git('commit', 'abc') })).toEqual({ source: 'train.py', commit: 'abc' });
    expect(codeOf({ 'mlflow.source.name': 'train.py' })).toEqual({ source: 'train.py', commit: null });
  });

  it('takes branch, repository and uncommitted changes, whose text stays out', () => {
    const tags = { ...git('commit', 'abc'), ...git('branch', 'main'), ...git('repoURL', 'https://github.com/o/r.git') };
    expect(codeOf({ ...tags, ...git('dirty', 'true'), ...git('diff', '-a\n+b') })).toEqual({
      source: null,
      commit: 'abc',
      branch: 'main',
      repository: 'https://github.com/o/r.git',
      dirty: true,
      diff: sha256('-a\n+b'),
    });
    expect(codeOf({ ...tags, ...git('dirty', 'false') })).toMatchObject({ dirty: false });
  });

  it('says nothing where the client does not, and cuts what is too long', () => {
    expect(codeOf(git('branch', 'main'))).toBeNull();
    expect(codeOf({ 'mlflow.source.name': 'x'.repeat(5000) })!.source).toHaveLength(500);
  });
});

test.each([
  ['https://ada:ghp_secret@github.com/o/r.git', 'https://github.com/o/r.git'],
  ['https://ghp_secret@github.com/o/r.git', 'https://github.com/o/r.git'],
  ['https://a:p@ss@host/o/r?token=secret#x', 'https://host/o/r'],
  ['ssh://git@host:22/o/r.git', 'ssh://host:22/o/r.git'],
  ['git@github.com:o/r.git', 'git@github.com:o/r.git'],
  ['ada:secret@host:o/r.git', 'host:o/r.git'],
  ['../r', '../r'],
])('of the remote %s the event has %s', (remote, repository) => {
  expect(codeOf({ ...git('commit', 'abc'), ...git('repoURL', remote) })!.repository).toBe(repository);
});
