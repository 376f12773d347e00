import { describe, expect, test } from 'vitest';
import { previewOf } from './preview.js';

const of = (path: string, content: string | Buffer, size?: number) => {
  const head = Buffer.from(content);
  return previewOf(path, head, size ?? head.length);
};

describe('previews', () => {
  test('markup is text, whatever it is called', () => {
    const html = '<script>alert(1)</script>';
    for (const path of ['a.html', 'a.svg', 'a.ipynb', 'a.png'])
      expect(of(path, html)).toEqual({ kind: 'TEXT', text: html, truncated: false });
  });

  test('terminal escapes and characters that turn the text around are gone', () => {
    expect(
      of('log.txt', '\u001b[31mred\u001b[0m \u001b]8;;http://evil\u0007link\u001b]8;;\u0007 a\u202eb\u0008c\td\n'),
    ).toMatchObject({ text: 'red link abc\td\n' });
  });

  test.each([
    ['png', Buffer.from('89504e470d0a1a0a00', 'hex'), 'image/png'],
    ['jpeg', Buffer.from('ffd8ffe000', 'hex'), 'image/jpeg'],
    ['webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'), 'image/webp'],
  ])('a bitmap is known by its bytes: %s', (_, bytes, mediaType) =>
    expect(of('x.bin', bytes)).toEqual({ kind: 'IMAGE', mediaType }),
  );

  test.each([
    ['bytes', Buffer.from([0, 1, 2])],
    ['broken UTF-8', Buffer.from([0xc3, 0x28])],
  ])('%s have none', (_, bytes) => expect(of('x.txt', bytes)).toEqual({ kind: 'NONE' }));

  test('a long text is cut between characters', () => {
    const preview = of('a.txt', Buffer.from('é'.repeat(50)).subarray(0, 99), 1000);
    expect(preview).toEqual({ kind: 'TEXT', text: 'é'.repeat(49), truncated: true });
  });

  test('tables: CSV with quotes, and what log_table writes', () => {
    expect(of('t.csv', 'a,"b ""x"""\r\n1,"2\n3"\n=cmd(),4')).toEqual({
      kind: 'TABLE',
      columns: ['a', 'b "x"'],
      rows: [
        ['1', '2\n3'],
        ['=cmd()', '4'],
      ],
      truncated: false,
    });
    expect(of('t.json', '{"columns":["a"],"data":[[1],[null],["x"]]}')).toEqual({
      kind: 'TABLE',
      columns: ['a'],
      rows: [['1'], ['null'], ['x']],
      truncated: false,
    });
    const long = of('t.csv', `a,b\n${'1,2\n'.repeat(500)}`);
    expect(long.kind === 'TABLE' && [long.rows.length, long.truncated]).toEqual([100, true]);
    expect(of('t.json', '{"columns":1}').kind).toBe('TEXT');
  });
});
