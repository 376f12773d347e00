import { clean } from '../../output/clean.js';

export interface Job {
  readonly id: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  readonly attempt: number;
  readonly epoch: number | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly run: { readonly id: string; readonly name: string };
  readonly template: { readonly id: string; readonly name: string };
  readonly datasetVersion: { readonly number: number; readonly dataset: { readonly name: string } };
  readonly modelVersions: readonly { readonly id: string; readonly number: number; readonly model: { readonly name: string } }[];
}

export const JOB = `id state attempt epoch reason createdAt endedAt run { id name } template { id name } datasetVersion { number dataset { name } }
  modelVersions { id number model { name } }`;

/** `job_…  SUCCEEDED  run run_…`, and what went wrong. */
export function jobText({ id, state, run, reason }: Job): string {
  return `${id}  ${state}  run ${run.id}${reason ? `  ${clean(reason)}` : ''}`;
}
