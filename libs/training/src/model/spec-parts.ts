import type { TrainingSpec } from '#contracts';
import { canonicalJson, sha256 } from '#kernel';

export interface SpecPart {
  readonly digest: string;
  readonly label: string;
}

/** What lineage tells apart of a spec: two trainings with the same digest prepare, or split, their rows alike. */
export function partsOf({ features, label, preparation, split }: TrainingSpec): { preparation: SpecPart; split: SpecPart } {
  const { numeric, text } = preparation;
  return {
    preparation: {
      digest: digestOf({ features: features ?? null, label, preparation }),
      label: `impute ${numeric.impute}, scale ${numeric.scale}, encode ${text.encode}`,
    },
    split: { digest: digestOf(split), label: `${split.train}/${split.validation}/${split.test} seed ${split.seed}` },
  };
}

export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
