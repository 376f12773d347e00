import { DomainError } from '#kernel';
import { bytesOf, codeOf, type VersionSheet } from './sheet.js';

/** Parts of a model card that no run can tell: Markdown of people. */
export interface CardSections {
  readonly intendedUse?: string;
  readonly limitations?: string;
  readonly notes?: string;
}

const MAX_SECTION = 20_000;
const NOT_SAID = '_Nobody has said so yet._';

/** Throws BAD_INPUT for a section that is too long. */
export function checkSections(sections: Readonly<Record<string, string | null | undefined>>): void {
  for (const [name, text] of Object.entries(sections))
    if ((text?.length ?? 0) > MAX_SECTION)
      throw new DomainError('BAD_INPUT', `the section ${name} has at most ${MAX_SECTION} characters`, name);
}

/**
 * The model card as Markdown (after Mitchell et al., Model Cards for Model Reporting, 2019): what people wrote, and what the run, the data and the
 * platform's own figures say. What comes from outside is made inert: no HTML, and no link but to the web or by mail.
 */
export function cardOf(sheet: VersionSheet, sections: CardSections): string {
  const { model, number, stage, createdAt, description, aliases } = sheet;
  const about = [
    `Version ${number} of **${inline(model.name)}** (${inline(model.project)}), in stage ${inline(stage)}, registered ${createdAt.toISOString().slice(0, 10)}.`,
    ...(aliases.length > 0 ? [`Aliases: ${aliases.map(inline).join(', ')}.`] : []),
    ...[model.description, description].filter(Boolean).map(prose),
  ];
  return [
    `# ${inline(model.name)} ${number}`,
    ...about,
    '## Intended use',
    prose(sections.intendedUse) || NOT_SAID,
    '## Limitations',
    prose(sections.limitations) || NOT_SAID,
    '## Data',
    dataText(sheet),
    '## Training',
    trainingText(sheet),
    '## Metrics',
    metricsText(sheet),
    '## Interface',
    interfaceText(sheet),
    '## Files',
    filesText(sheet),
    ...(sections.notes ? ['## Notes', prose(sections.notes)] : []),
  ].join('\n\n');
}

function dataText({ data }: VersionSheet): string {
  if (!data) return 'The version names no data set version of this platform that you may read.';
  const { dataset, number, state, rows, columns, sha256 } = data;
  return `Trained on **${inline(dataset)}** version ${number} (${state}): ${rows ?? '?'} rows, ${columns ?? '?'} columns. SHA-256 \`${sha256}\`.`;
}

function trainingText({ run }: VersionSheet): string {
  if (!run) return 'The version names no run of this platform that you may read.';
  const when = `${run.startedAt.toISOString()}${run.endedAt ? ` to ${run.endedAt.toISOString()}` : ''}`;
  const facts = { ...codeOf(run), ...run.params };
  return [`Run \`${run.id}\` (${inline(run.name)}), ${when}.`, table(['Parameter or code', 'Value'], Object.entries(facts))].join(
    '\n\n',
  );
}

function metricsText({ measured, run }: VersionSheet): string {
  const rows = [
    ...Object.entries(measured).map(([key, value]) => [key, figure(value), 'measured by the platform']),
    ...Object.entries(run?.metrics ?? {}).map(([key, value]) => [key, figure(value), 'logged by the run']),
  ];
  return rows.length > 0 ? table(['Metric', 'Value', 'Source'], rows) : 'No figures are known.';
}

function interfaceText({ signature, example }: VersionSheet): string {
  if (!signature) return 'It has no signature.';
  const specs = (kind: string, list: typeof signature.inputs) =>
    list.map(({ name, datatype, shape, nullable }) => [kind, name, datatype, `[${shape.join(', ')}]`, nullable ? 'yes' : 'no']);
  const shown = table(
    ['', 'Name', 'Type', 'Shape', 'May be missing'],
    [...specs('input', signature.inputs), ...specs('output', signature.outputs)],
  );
  return example
    ? `${shown}\n\nAn example:\n\n\`\`\`json\n${JSON.stringify(example, null, 2).replaceAll('`', "'")}\n\`\`\``
    : shown;
}

function filesText({ manifest, scan }: VersionSheet): string {
  if (!manifest) return 'Its files have not been looked at.';
  const formats = (scan?.formats ?? []).map(({ name, unsafe }) => `${name}${unsafe ? ' (**can execute code**)' : ''}`).join(', ');
  const found = scan && scan.outcome !== 'clean' ? ` The scan says **${scan.outcome}**.` : '';
  return `${manifest.length} files, ${bytesOf(manifest)} bytes. Formats: ${formats || 'none that is known'}.${found}`;
}

const MAX_ROWS = 200;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(' | ')} |`;
  const rest = rows.length > MAX_ROWS ? [`\n… and ${rows.length - MAX_ROWS} more`] : [];
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.slice(0, MAX_ROWS).map(line), ...rest].join('\n');
}

const figure = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6))));

/** Text of others inside a line: whatever means something in Markdown (CommonMark 0.31, 2.4) stands for itself. */
function inline(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()<>#+!|~&]/g, '\\$&');
}

/** Markdown of others: it stays Markdown, but starts no HTML and leads nowhere but to the web or a mailbox. */
function prose(text: string | undefined): string {
  return (text ?? '')
    .replaceAll('<', '&lt;')
    .replace(/(\]\(\s*|^\s{0,3}\[[^\]\n]+\]:\s*)([^\s)]+)/gm, (whole, before: string, target: string) =>
      isHarmless(target) ? whole : `${before}#`,
    )
    .trim();
}

/** A browser decodes entities and drops control characters before it looks for the scheme. */
function isHarmless(target: string): boolean {
  return /^(https?:\/\/|mailto:|#|\/(?!\/))[\x20-\uffff]*$/i.test(target);
}
