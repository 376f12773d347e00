import { expect, it } from 'vitest';
import { parseCsv } from './csv.js';
import { inferRequest } from './infer-request.js';
import { parseRows } from './rows.js';

const metadata = {
  name: 'penguins',
  inputs: [
    { name: 'Island', datatype: 'BYTES', shape: [-1, 1] },
    { name: 'Mass', datatype: 'FP64', shape: [-1, 1] },
    { name: 'Wild', datatype: 'BOOL', shape: [-1, 1] },
  ],
};

it.each([
  [
    'a,b\r\n1,2\r\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    '\uFEFFa,b\n"x, ""y""\nz",\n\n',
    [
      ['a', 'b'],
      ['x, "y"\nz', ''],
    ],
  ],
  ['a\n1', [['a'], ['1']]],
  [
    'a,b\n,',
    [
      ['a', 'b'],
      ['', ''],
    ],
  ],
  [
    'a,b\n1,',
    [
      ['a', 'b'],
      ['1', ''],
    ],
  ],
  ['', []],
])('reads CSV %j', (text, records) => {
  expect(parseCsv(text)).toEqual(records);
});

it.each(['a,b\n1,x"y\n', '"a', 'a\n"x"y'])('refuses CSV %j', (text) => {
  expect(() => parseCsv(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
});

it('makes one tensor a column, null for what is missing', () => {
  const fromCsv = inferRequest(metadata, parseRows('Island,Mass,Wild,Species\nBiscoe,4950,true,Gentoo\n,,,\n'));
  expect(fromCsv.unused).toEqual(['Species']);
  expect(fromCsv.request.inputs).toEqual([
    { name: 'Island', datatype: 'BYTES', shape: [2, 1], data: ['Biscoe', null] },
    { name: 'Mass', datatype: 'FP64', shape: [2, 1], data: [4950, null] },
    { name: 'Wild', datatype: 'BOOL', shape: [2, 1], data: [true, null] },
  ]);
  const fromJson = inferRequest(
    metadata,
    parseRows('[{"Island": "Biscoe", "Mass": 4950, "Wild": true, "Species": "Gentoo"}, {"Island": null}]'),
  );
  expect(fromJson).toEqual(fromCsv);
});

it.each([
  ['Island,Wild\nBiscoe,true\n', /needs the column "Mass"; the data have Island, Wild/],
  ['Island,Mass,Wild\nBiscoe,heavy,true\n', /row 1, column "Mass": "heavy" must be a number \(FP64\)/],
  ['Island,Mass,Wild\nBiscoe,1,maybe\n', /"maybe" must be true or false/],
  ['Island,Mass,Wild\nBiscoe,1\n', /record 2 of the CSV has 2 cells, the header 3/],
  ['[{"Island": {"a": 1}}]', /row 1 must be an object of strings/],
  ['[1]', /row 1 must be an object/],
  ['[{]', /not JSON/],
  ['Island,Mass,Wild\n', /there are no rows/],
  ['', /there are no rows/],
])('says what is wrong with %j', (content, message) => {
  expect(() => inferRequest(metadata, parseRows(content))).toThrow(message);
});
