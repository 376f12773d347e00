import { Args } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { JOB, jobText, type Job } from './queries.js';

const CANCEL = `mutation ($id: ID!) { cancelTraining(jobId: $id) { trainingJob { ${JOB} } ${USER_ERRORS} } }`;

export class TrainCancel extends ServerCommand {
  static override summary = 'End a training: a queued one at once, a running one at its next heartbeat.';
  static override examples = ['<%= config.bin %> train cancel job_0197c2…'];
  static override args = { job: Args.string({ description: 'Id of the job; `tailrace train list` shows it.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TrainCancel);
    const { trainingJob } = await this.connect(flags).mutateWith<{ trainingJob: Job }>(CANCEL, { id: args.job });
    this.printer(flags).data(trainingJob, () => jobText(trainingJob));
  }
}
