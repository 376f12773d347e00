/** What can be shown of a file without trusting it: plain characters, cells of plain characters, or a bitmap. Markup is shown as text, never as a page. */
export type Preview =
  | { readonly kind: 'TEXT'; readonly text: string; readonly truncated: boolean }
  | {
      readonly kind: 'TABLE';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly truncated: boolean;
    }
  | { readonly kind: 'IMAGE'; readonly mediaType: string }
  | { readonly kind: 'NONE' };

/** Bytes of a file that a preview looks at. */
export const HEAD_BYTES = 256 * 1024;
const MAX_TEXT = 64 * 1024;
const MAX_ROWS = 100;
const MAX_COLUMNS = 100;
const MAX_CELL = 500;

/** Bitmaps that every browser decodes, known by their first bytes; SVG is a program and is none of them. */
export function bitmapType(head: Uint8Array): string | undefined {
  const at = (start: number, text: string) => Buffer.from(head.subarray(start, start + text.length)).toString('latin1') === text;
  if (at(0, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (at(0, '\xff\xd8\xff')) return 'image/jpeg';
  if (at(0, 'GIF87a') || at(0, 'GIF89a')) return 'image/gif';
  if (at(0, 'RIFF') && at(8, 'WEBP')) return 'image/webp';
  return undefined;
}

/** `head` is the beginning of a file of `size` bytes. */
export function previewOf(path: string, head: Uint8Array, size: number): Preview {
  const mediaType = bitmapType(head);
  if (mediaType) return { kind: 'IMAGE', mediaType };
  const cut = size > head.length;
  const text = textOf(head, cut);
  if (text === undefined) return { kind: 'NONE' };
  const name = path.toLowerCase();
  const table = name.endsWith('.csv')
    ? csvTable(text, ',', cut)
    : name.endsWith('.tsv')
      ? csvTable(text, '\t', cut)
      : name.endsWith('.json') && !cut
        ? jsonTable(text)
        : undefined;
  return table ?? { kind: 'TEXT', text: inert(text.slice(0, MAX_TEXT)), truncated: cut || text.length > MAX_TEXT };
}

/** UTF-8 without NUL; a character that was cut at the end is left out. */
function textOf(head: Uint8Array, cut: boolean): string | undefined {
  if (head.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: cut });
  } catch {
    return undefined;
  }
}

/* eslint-disable no-control-regex -- they are what is taken out */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)?/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/* eslint-enable no-control-regex */

/** Without terminal escapes and control characters, and without those that turn the direction of what follows. */
export function inert(text: string): string {
  return text.replace(ESCAPES, '').replace(CONTROLS, '');
}

const cell = (value: unknown): string =>
  inert(typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)).slice(0, MAX_CELL);

function table(header: readonly unknown[], data: readonly (readonly unknown[])[], cut: boolean): Preview {
  return {
    kind: 'TABLE',
    columns: header.slice(0, MAX_COLUMNS).map(cell),
    rows: data.slice(0, MAX_ROWS).map((row) => row.slice(0, MAX_COLUMNS).map(cell)),
    truncated: cut || data.length > MAX_ROWS || header.length > MAX_COLUMNS,
  };
}

/** What `mlflow.log_table` writes: `{"columns": […], "data": [[…], …]}`. */
function jsonTable(text: string): Preview | undefined {
  try {
    const { columns, data } = JSON.parse(text) as { columns?: unknown; data?: unknown };
    if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return undefined;
    return table(columns, data as unknown[][], false);
  } catch {
    return undefined;
  }
}

/** RFC 4180 as far as a preview needs it; a row that was cut is left out. */
function csvTable(text: string, separator: string, cut: boolean): Preview | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = '';
  let quoted = false;
  for (let i = 0; i < text.length && rows.length <= MAX_ROWS + 1; i++) {
    const char = text[i]!;
    if (quoted) {
      if (char !== '"') value += char;
      else if (text[i + 1] === '"') value += text[i++]!;
      else quoted = false;
    } else if (char === '"' && value === '') quoted = true;
    else if (char === separator) {
      row.push(value);
      value = '';
    } else if (char === '\n') {
      rows.push([...row, value.replace(/\r$/, '')]);
      row = [];
      value = '';
    } else value += char;
  }
  if (!cut && (row.length > 0 || value !== '')) rows.push([...row, value]);
  const [header, ...data] = rows;
  return header && header.length > 1 ? table(header, data, cut) : undefined;
}
