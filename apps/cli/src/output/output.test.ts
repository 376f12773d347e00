import { expect, it } from 'vitest';
import { renderDot, renderMermaid } from './graph-text.js';
import { Printer } from './printer.js';
import { mayColour } from './style.js';
import { renderFacts, renderTable } from './table.js';
import { bytesText, durationText, numberText } from './units.js';

it('lines up columns, numbers to the right', () => {
  const text = renderTable(
    ['NAME', 'ROWS', 'STATE'],
    [
      ['penguins', 344, 'VALIDATED'],
      ['größe 🐧', null, undefined],
    ],
  );
  expect(text.split('\n')).toEqual(['NAME      ROWS  STATE', 'penguins   344  VALIDATED', 'größe 🐧      -  -']);
  expect(renderTable(['NAME'], [])).toBe('NAME');
  expect(renderFacts({ a: 1, longer: null, gone: undefined })).toBe('a       1\nlonger  -');
});

it('keeps the terminal from what names may hold', () => {
  expect(renderTable(['NAME'], [['\u001b[31mred\u001b[0m\nnext\u009b2J']])).toBe('NAME\n [31mred [0m next 2J');
});

it('paints for people only', () => {
  expect(mayColour({ isTTY: true }, {})).toBe(true);
  expect(mayColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(mayColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(mayColour({}, {})).toBe(false);
});

it('keeps data and words apart', () => {
  const [out, err]: [string[], string[]] = [[], []];
  const printer = (json: boolean) =>
    new Printer(json, { write: (text) => out.push(text) }, { write: (text) => err.push(text) }, {});
  printer(false).data({ a: 1 }, () => 'a is 1');
  printer(true).data({ a: 1 }, () => 'a is 1');
  printer(true).item({ a: 1 }, () => 'a is 1');
  printer(true).say('words');
  printer(false).progress('not on a pipe');
  expect(out).toEqual(['a is 1\n', '{\n  "a": 1\n}\n', '{"a":1}\n']);
  expect(err).toEqual(['words\n']);
});

it('writes sizes, times and numbers for people', () => {
  expect([0, 999, 1000, 13_487, 123_456_789].map(bytesText)).toEqual(['0 B', '999 B', '1.0 KB', '13.5 KB', '123 MB']);
  expect([12, 1500, 61_000, 7_260_000].map(durationText)).toEqual(['12 ms', '1.5 s', '1 min 1 s', '2 h 1 min']);
  expect([null, 3, 0.123456, 1234.5678, 1e-9, NaN].map(numberText)).toEqual(['-', '3', '0.1235', '1235', '1e-9', 'NaN']);
});

it('draws graphs for Graphviz and Mermaid, whatever names hold', () => {
  const graph = {
    root: 'mdv_1',
    nodes: [
      { id: 'mdv_1', kind: 'model_version', label: 'a "b" #1' },
      { id: 'run_1', kind: 'run', label: 'r\\' },
    ],
    edges: [{ from: 'mdv_1', to: 'run_1', relation: 'made_by' }],
  };
  expect(renderDot(graph)).toContain(
    '"mdv_1" [label="model version a \\"b\\" #1"];\n  "run_1" [label="run r\\\\"];\n  "mdv_1" -> "run_1" [label="made by"];',
  );
  expect(renderMermaid(graph)).toBe(
    'flowchart LR\n  n0["model version a #quot;b#quot; #35;1"]\n  n1["run r\\"]\n  n0 -- "made by" --> n1',
  );
});
