const TEXT = new Set(
  'txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb MLmodel MLproject mlproject'.split(
    ' ',
  ),
);
const OTHERS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tiff: 'image/tiff',
  pdf: 'application/pdf',
  zip: 'application/zip',
  mp3: 'audio/mpeg',
  wav: 'audio/x-wav',
  mp4: 'video/mp4',
  webm: 'video/webm',
};

/** The type that MLflow gives a file by its name. What a browser would run, HTML and SVG, is bytes here: artifacts come from anybody. */
export function contentType(name: string): string {
  const extension = /[^.]\.([^.]+)$/.exec(name)?.[1] ?? name;
  if (TEXT.has(extension)) return 'text/plain';
  return Object.hasOwn(OTHERS, extension.toLowerCase()) ? OTHERS[extension.toLowerCase()]! : 'application/octet-stream';
}
