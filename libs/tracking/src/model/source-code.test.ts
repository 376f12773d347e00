import { describe, expect, it } from 'vitest';
import { codeOf } from './source-code.js';

describe('codeOf', () => {
  it('takes source and commit from MLflow tags', () => {
    expect(codeOf({ 'mlflow.source.name': 'train.py', 'mlflow.source.git.commit': 'abc' })).toEqual({
      source: 'train.py',
      commit: 'abc',
    });
    expect(codeOf({ 'mlflow.source.name': 'train.py' })).toEqual({ source: 'train.py', commit: null });
  });

  it('says nothing where the client does not, and cuts what is too long', () => {
    expect(codeOf({ 'mlflow.source.git.commit': 'abc' })).toBeNull();
    expect(codeOf({ 'mlflow.source.name': 'x'.repeat(5000) })!.source).toHaveLength(500);
  });
});
