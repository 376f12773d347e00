import { describe, expect, test } from 'vitest';
import { defaultStageFlow, StageFlowSchema } from '#contracts';
import { checkedFlow, guardedStages, isGuarded, mlflowStageFlow, moveFor, stagesOfAlias } from './stage-rules.js';

const guarded = defaultStageFlow([{ kind: 'data_valid' }]);

test('the open flow allows every move and guards nothing', () => {
  const flow = mlflowStageFlow();
  const names = flow.stages.map((stage) => stage.name);
  expect(names).toEqual(['none', 'staging', 'production', 'archived']);
  for (const from of names)
    for (const to of names.filter((name) => name !== from)) expect(moveFor(flow, from, to).holds).toBe('many');
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

test('a stage to which no version can come is refused by name', () => {
  const stage = (name: string, ...from: string[]) => ({ name, holds: 'many', from });
  const flow = { stages: [stage('a', 'none'), stage('b', 'c'), stage('c', 'b')] };
  expect(() => checkedFlow(flow, 'flow')).toThrow(/no way leads from none to b/);
  expect(checkedFlow({ stages: [stage('b', 'c'), stage('c', 'a'), stage('a', 'none')] }, 'flow').stages).toHaveLength(3);
});

describe('a way in', () => {
  const flow = StageFlowSchema.parse({
    stages: [
      { name: 'open', holds: 'many', from: ['none'] },
      {
        name: 'live',
        holds: 'one',
        from: ['open', 'archived'],
        gates: [{ kind: 'data_valid' }],
        approvals: 2,
        moves: [{ from: ['archived'], gates: [], approvals: 0 }],
      },
      { name: 'reviewed', holds: 'many', from: ['open'], ask: 'approver' },
      { name: 'archived', holds: 'many', from: ['open', 'live'] },
    ],
  });

  test('has the rules of its stage, and those of its own', () => {
    expect(moveFor(flow, 'open', 'live')).toMatchObject({ gates: [{ kind: 'data_valid' }], approvals: 2, holds: 'one' });
    expect(moveFor(flow, 'archived', 'live')).toMatchObject({ gates: [], approvals: 0, askerMayApprove: false });
    expect(isGuarded(moveFor(flow, 'archived', 'live'))).toBe(false);
    expect(isGuarded(moveFor(flow, 'open', 'reviewed'))).toBe(true);
    expect(guardedStages(flow)).toEqual(['live', 'reviewed']);
    expect(() => moveFor(flow, 'none', 'live')).toThrow(/may come to live from open, archived, not from none/);
  });
});
