import { z } from 'zod';

/**
 * What a training template says: how rows are prepared and split, which network is trained, and when to stop. Strict: an unknown key is an
 * error. Parts are fractions that sum to 1; `seed`s make split and weights repeatable.
 */
export const TrainingSpecSchema = z.strictObject({
  task: z.literal('classification'),
  label: z.string().min(1),
  /** Columns used as features; absent means every column but the label. */
  features: z.array(z.string().min(1)).min(1).optional(),
  preparation: z
    .strictObject({
      numeric: z
        .strictObject({
          impute: z.enum(['median', 'mean']).default('median'),
          scale: z.enum(['standard', 'none']).default('standard'),
        })
        .prefault({}),
      text: z
        .strictObject({
          impute: z.literal('most_frequent').default('most_frequent'),
          encode: z.literal('one_hot').default('one_hot'),
        })
        .prefault({}),
    })
    .prefault({}),
  split: z
    .strictObject({
      train: z.number().positive().default(0.7),
      validation: z.number().positive().default(0.15),
      test: z.number().positive().default(0.15),
      seed: z.int().default(42),
    })
    .prefault({})
    .refine(
      (split) => Math.abs(split.train + split.validation + split.test - 1) < 1e-9,
      'train, validation and test must sum to 1',
    ),
  model: z
    .strictObject({
      kind: z.literal('mlp').default('mlp'),
      layers: z
        .array(
          z.strictObject({
            units: z.int().min(1).max(4096),
            activation: z.enum(['relu', 'tanh', 'sigmoid', 'elu']).default('relu'),
          }),
        )
        .max(16)
        .default([{ units: 16, activation: 'relu' }]),
    })
    .prefault({}),
  training: z
    .strictObject({
      optimizer: z.literal('adam').default('adam'),
      learningRate: z.number().positive().max(10).default(0.01),
      batchSize: z.int().min(1).max(65_536).default(32),
      maxEpochs: z.int().min(1).max(100_000).default(100),
      /** Converged: the validation loss has not fallen by `minDelta` for `patience` epochs; the best epoch's weights are kept. */
      earlyStopping: z
        .strictObject({ minDelta: z.number().nonnegative().default(1e-4), patience: z.int().min(1).default(10) })
        .prefault({}),
      checkpointEveryEpochs: z.int().min(1).default(5),
      seed: z.int().default(7),
    })
    .prefault({}),
});
export type TrainingSpec = z.infer<typeof TrainingSpecSchema>;
export type TrainingSpecInput = z.input<typeof TrainingSpecSchema>;

export const NumericFeatureSchema = z.strictObject({
  column: z.string(),
  kind: z.literal('number'),
  /** Value put in place of a missing one, in the column's unit. */
  impute: z.number(),
  mean: z.number(),
  /** Population standard deviation; 1 where the training part is constant or scaling is off. */
  std: z.number().positive(),
});
export const TextFeatureSchema = z.strictObject({
  column: z.string(),
  kind: z.literal('text'),
  impute: z.string(),
  /** Categories of the training part, sorted; any other value is all zeros. */
  categories: z.array(z.string()),
});

/** Preparation as fitted on the training part alone. Width of a prepared row: 1 per numeric feature, one per category of a text feature. */
export const FittedPreparationSchema = z.strictObject({
  label: z.strictObject({ column: z.string(), classes: z.array(z.string()).min(2) }),
  features: z.array(z.discriminatedUnion('kind', [NumericFeatureSchema, TextFeatureSchema])).min(1),
  width: z.int().positive(),
});
export type FittedPreparation = z.infer<typeof FittedPreparationSchema>;
