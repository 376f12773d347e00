import { readTable } from '#engine-tfjs';
import { childEntry, runChild } from '#process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckResult } from './check-types.js';
import { LIMITS, Sandbox, short } from './testing.js';

const PENGUINS = new URL('../../../cli/data/penguins.csv', import.meta.url).pathname;
const profileOf = (result: CheckResult, name: string) => result.profile.columns.find((column) => column.name === name);
let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

describe('a sound CSV file', () => {
  it('becomes a table, by a child process, that training reads back', async () => {
    const input = { file: PENGUINS, format: 'CSV', out: box.out, limits: LIMITS };
    const result = await runChild<CheckResult>({
      entry: childEntry(import.meta.url, './check.child.ts'),
      input,
      timeoutMs: 20_000,
    });
    expect(result.findings).toEqual([]);
    expect(result).toMatchObject({ rows: 344, profile: { rows: 344, duplicateRows: expect.any(Number) } });
    expect(profileOf(result, 'Sex')).toMatchObject({ type: 'text', missing: 10, distinct: 3 });
    expect(profileOf(result, 'Sex')?.top).toContainEqual({ value: '.', count: 1 });
    expect(profileOf(result, 'Body Mass (g)')).toMatchObject({ type: 'number', missing: 2, min: 2700, max: 6300, median: 4050 });
    const table = await readTable(input.out);
    expect(table.columns).toEqual(result.columns);
    const [, first] = readFileSync(PENGUINS, 'utf8').split('\n');
    expect(table.columns.map(({ name }) => table.data[name]![0]).join(',')).toBe(first!.trim());
    const mass = table.data['Body Mass (g)']!.filter((cell): cell is number => typeof cell === 'number');
    const mean = mass.reduce((sum, value) => sum + value, 0) / mass.length;
    expect(profileOf(result, 'Body Mass (g)')!.mean).toBeCloseTo(mean, 8);
    const variance = mass.reduce((sum, value) => sum + (value - mean) ** 2, 0) / mass.length;
    expect(profileOf(result, 'Body Mass (g)')!.std).toBeCloseTo(Math.sqrt(variance), 8);
  });

  it('takes types from the whole file, and empty fields as missing', async () => {
    const rows = Array.from(
      { length: 3000 },
      (_, index) => `${index},${index % 2 ? 'TRUE' : 'false'},2024-01-0${(index % 9) + 1},1`,
    );
    const result = await box.check(`n,flag,day,late,none\n${rows.map((row) => `${row},`).join('\n')}\n,,"",x,\n`);
    expect(result.columns).toEqual([
      { name: 'n', type: 'number', nullable: true },
      { name: 'flag', type: 'boolean', nullable: true },
      { name: 'day', type: 'text', nullable: true },
      { name: 'late', type: 'text', nullable: false },
      { name: 'none', type: 'text', nullable: true },
    ]);
    expect(short(result)).toEqual([
      ['EMPTY_COLUMN', 'none'],
      ['MIXED_TYPES', 3002, 'late'],
    ]);
    expect(profileOf(result, 'flag')?.top).toEqual([
      { value: 'false', count: 1500 },
      { value: 'true', count: 1500 },
    ]);
    expect((await box.table()).n!.slice(2998)).toEqual([2998, 2999, null]);
  });

  it('keeps text that only DuckDB takes for numbers, and numbers at the end of the range', async () => {
    const result = await box.check('a,b,c,d\n1_000,nan,1e308,12345678901234567890\n2_000,inf,-1e308,1\n3_000,1,1e308,2\n');
    expect(result.columns.map(({ type }) => type)).toEqual(['text', 'text', 'number', 'number']);
    expect(profileOf(result, 'c')).toMatchObject({ min: -1e308, max: 1e308 });
    expect(profileOf(result, 'c')!.std! / 1e308).toBeCloseTo(Math.sqrt(8 / 9), 10);
    expect(short(result)).toEqual([['PRECISION_LOST', 'd']]);
  });

  it('reads quoted line ends, quotes, CRLF, a byte order mark, blank lines and any line end', async () => {
    await box.check('\ufeff"a ""x""",b\r\n1,"x\r\ny"\r\n\r\n2,"say ""hi"""\r\n3, "q,r" \r\n4,5" disk\r\n');
    expect(await box.table()).toEqual({ 'a "x"': [1, 2, 3, 4], b: ['x\r\ny', 'say "hi"', 'q,r', '5" disk'] });
    await box.check('a,b\r\n1,"x\ny"\n2,z\r\n3,"w,\r"\n');
    expect(await box.table()).toEqual({ a: [1, 2, 3], b: ['x\ny', 'z', 'w,\r'] });
    expect(short(await box.check('a,b\r\n1,"x\ny"\n2,z\r\n'))).toEqual([['MIXED_LINE_ENDS']]);
    await box.check('a,b\n1,\t"x"\n2, "y,z"\n');
    expect(await box.table()).toEqual({ a: [1, 2], b: ['\t"x"', 'y,z'] });
    await box.check('a\n1\n\n2\n');
    expect(await box.table()).toEqual({ a: [1, null, 2] });
    await box.check('a,b\r1,2\r3,4');
    expect(await box.table()).toEqual({ a: [1, 3], b: [2, 4] });
  });

  it.each([',', ';', '\t', '|'])('finds the delimiter %j', async (delimiter) => {
    await box.check(`a${delimiter}b\nx y${delimiter}1\nz${delimiter}2\n`);
    expect(await box.table()).toEqual({ a: ['x y', 'z'], b: [1, 2] });
  });

  it('takes arbitrary text for column names and for the name of the file', async () => {
    const names = [`'; drop table x; --`, 'Beak Length (mm)', '"', 'größe 测', '__proto__', 'c1', 'file_row_number'];
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const result = await box.check(`${header}\n1,2,3,4,5,6,7\n`, { name: `we'ird [a]*?; "drop" ;--$(x).csv.gz` });
    expect(result.columns.map(({ name }) => name)).toEqual(names);
    expect(names.map((name) => result.profile.columns.find((column) => column.name === name)?.min)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(Object.keys(await box.table())).toEqual(names);
    expect(readdirSync(box.dir).length).toBe(2);
  });

  it('finds duplicate rows and reads 100 000 rows in order', async () => {
    const rows = Array.from(
      { length: 100_000 },
      (_, index) => `${index % 99_000},"row ${index % 99_000}",${Math.sin(index % 99_000)},k${(index % 99_000) % 7}`,
    );
    const begun = performance.now();
    const result = await box.check(`id,text,value,kind\n${rows.join('\n')}\n`);
    console.log(`100 000 rows x 4 columns: ${Math.round(performance.now() - begun)} ms`);
    expect(result).toMatchObject({ rows: 100_000, profile: { duplicateRows: 1000 }, findings: [] });
    expect((await box.table()).id).toEqual(rows.map((row) => Number(row.split(',')[0])));
  });
});
