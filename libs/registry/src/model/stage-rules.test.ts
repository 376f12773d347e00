import { expect, test } from 'vitest';
import { defaultStageFlow } from '#contracts';
import { guardedStages, mlflowStageFlow, stageFor, stagesOfAlias } from './stage-rules.js';

const guarded = defaultStageFlow([{ kind: 'data_valid' }]);

test('the open flow allows every move and guards nothing', () => {
  const flow = mlflowStageFlow();
  const names = flow.stages.map((stage) => stage.name);
  expect(names).toEqual(['none', 'staging', 'production', 'archived']);
  for (const from of names)
    for (const to of names.filter((name) => name !== from)) expect(stageFor(flow, from, to).holds).toBe('many');
  expect(guardedStages(flow)).toEqual([]);
  expect(stagesOfAlias(flow, 'production')).toBeUndefined();
});

test.each([
  ['production', ['production']],
  ['Production', ['production']],
  ['champion', undefined],
  ['staging', undefined],
])('in the default flow the alias %s belongs to %j', (alias, stages) => {
  expect(stagesOfAlias(guarded, alias)).toEqual(stages);
});

test('a flow may name its protected aliases itself', () => {
  const flow = { ...guarded, protectedAliases: ['champion'] };
  expect(stagesOfAlias(flow, 'champion')).toEqual(['production']);
  expect(stagesOfAlias(flow, 'production')).toBeUndefined();
});
