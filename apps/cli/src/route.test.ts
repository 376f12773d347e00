import { expect, it } from 'vitest';
import { COMMANDS, TOPICS } from './commands/index.js';
import { routed } from './route.js';

const ids = Object.keys(COMMANDS);
const route = (line: string) => routed(line.split(' ').filter(Boolean), ids);

it('lets commands and requests for help through', () => {
  for (const line of [
    '',
    '--help',
    '-h',
    '--version',
    'up --port 0',
    'dataset list',
    'dataset',
    'dataset --help',
    'model approve penguins 3',
    'model alias',
    'model alias set penguins champion 3',
    'lineage dsv_1',
  ])
    expect(route(line)).toEqual(line.split(' ').filter(Boolean));
  expect(route('help dataset upload')).toEqual(['dataset', 'upload', '--help']);
});

it.each([
  ['datset', 'tailrace dataset'],
  ['datset lst', 'tailrace dataset list'],
  ['dataset uplaod x y', 'tailrace dataset upload'],
  ['runs list', 'tailrace run list'],
  ['doktor', 'tailrace doctor'],
  ['model promot penguins 3', 'tailrace model promote'],
  ['model alias sett x', 'tailrace model alias set'],
])('suggests what %s was meant to be', (line, meant) => {
  expect(() => route(line)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(`did you mean \`${meant}\``) }),
  );
});

it.each(['quux', 'dataset quux', '--json dataset list'])('refuses %s without a guess', (line) => {
  expect(() => route(line)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('did you mean') }),
  );
});

it('describes every topic, and every command with an example', () => {
  expect(Object.keys(TOPICS)).toEqual([...new Set(ids.filter((id) => id.includes(':')).map((id) => id.split(':')[0]!))]);
  for (const { summary, examples } of Object.values(COMMANDS))
    expect({ summary, examples }).toEqual({ summary: expect.any(String), examples: expect.any(Array) });
});
