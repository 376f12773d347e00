import type { EvaluationData, ManifestFile, ScanResult } from '#contracts';
import { DomainError } from '#kernel';

/** What is known of the files of a version. */
export interface VersionFiles {
  readonly number: number;
  /** Empty for what the platform did not train. */
  readonly files: Readonly<Record<string, string>>;
  readonly manifest: readonly ManifestFile[] | null;
  readonly scan: ScanResult | null;
}

/** Throws unless the version can be measured: what the platform trained without `data`, what others trained on `data` and by one ONNX file that was looked at. */
export function checkMeasurable(version: VersionFiles, data: EvaluationData | undefined): void {
  const { number, files } = version;
  const isOurs = Object.keys(files).length > 0;
  if (isOurs && data)
    throw new DomainError(
      'BAD_INPUT',
      `the platform trained version ${number} and measures it on the test rows of its own data: leave datasetVersionId and label out`,
      'datasetVersionId',
    );
  if (isOurs) return;
  if (!data)
    throw new DomainError(
      'BAD_INPUT',
      `the platform did not train version ${number}: say on which data set version it is to be measured, and by which label`,
      'datasetVersionId',
    );
  onnxFile(version);
}

/** The one ONNX file of a version that others trained. Throws NOT_READY while its files were not looked at, BAD_MODEL where there is not one such file. */
export function onnxFile({ number, manifest, scan }: VersionFiles): ManifestFile {
  if (!manifest || !scan)
    throw new DomainError('NOT_READY', `the files of version ${number} have not been looked at, or lie elsewhere`, 'versionId');
  if (scan.outcome === 'refused')
    throw new DomainError(
      'BAD_MODEL',
      `the files of version ${number} are broken or hostile: nothing of them is run`,
      'versionId',
    );
  const paths = scan.formats.find(({ name }) => name === 'onnx')?.paths ?? [];
  const found = manifest.filter(({ path }) => paths.includes(path));
  if (found.length === 1) return found[0]!;
  const held = scan.formats.map(({ name }) => name).join(', ') || 'no format that is known';
  throw new DomainError(
    'BAD_MODEL',
    `version ${number} holds ${found.length === 0 ? `no ONNX file (${held})` : `${found.length} ONNX files`}; the platform measures a model of others by its one ONNX file`,
    'versionId',
  );
}
