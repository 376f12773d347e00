import { expect, test } from 'vitest';
import { renderTree } from './tree.js';

const REVISION = `rev_${'0'.repeat(32)}`;
const graph = {
  root: 'end_1',
  nodes: [
    { id: 'end_1', kind: 'endpoint', label: 'birds', state: REVISION },
    { id: REVISION, kind: 'revision', label: 'revision 1', state: 'READY' },
    { id: 'v', kind: 'model_version', label: 'version 2', state: 'production', goneAt: null },
    { id: 'd', kind: 'dataset_version', label: 'version 1', state: null, goneAt: '2026-01-01T00:00:00Z' },
  ],
  edges: [
    { from: 'end_1', to: REVISION, relation: 'answers_with' },
    { from: REVISION, to: 'v', relation: 'serves' },
    { from: 'v', to: 'd', relation: 'trained_on' },
    { from: 'end_1', to: 'v', relation: 'serves' },
    { from: 'v', to: 'nowhere', relation: 'rests_on' },
  ],
};

test('a tree names relation, kind, label and what each is now; what was shown before is named once more only', () => {
  expect(renderTree(graph)).toBe(
    [
      'endpoint birds',
      '├─ answers with: revision revision 1 [READY]',
      '│  └─ serves: model version version 2 [production]',
      '│     ├─ trained on: dataset version version 1 [gone]',
      '│     └─ rests on: nowhere',
      '└─ serves: model version version 2 [production] (see above)',
    ].join('\n'),
  );
});
