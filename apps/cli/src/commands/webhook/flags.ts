import { Flags } from '@oclif/core';

/** What can be said of a webhook when it is made as well as later. */
export const webhookFlags = {
  'bearer-token': Flags.string({
    description: 'Of the form openlineage: sent as Authorization. Better in the environment than in the history of a shell.',
    env: 'TAILRACE_BEARER_TOKEN',
  }),
  subject: Flags.string({ description: 'Only of this subject, as model/mdl_….' }),
  project: Flags.string({ description: 'Only of this project and those below.' }),
  'order-window': Flags.integer({
    description: 'Seconds that events of a subject wait behind an earlier one that has not arrived.',
    min: 0,
    max: 86_400,
  }),
  description: Flags.string({ description: 'What it is for.' }),
};

export const typeFlag = {
  description: 'Type of event, or a pattern: model_version.* or *. May be given more than once.',
  multiple: true,
  multipleNonGreedy: true,
} as const;
