import { Args, Flags } from '@oclif/core';
import { USER_ERRORS, type TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { jsonObject } from '../../json-object.js';
import { until } from '../../poll.js';
import { versionIdOf, versionNamed } from '../dataset/queries.js';
import { ServerCommand } from '../tailrace-command.js';
import { templateOf } from '../template/queries.js';
import { JOB, jobText, type Job } from './queries.js';

const START = `mutation ($input: StartTrainingInput!) { startTraining(input: $input) { trainingJob { ${JOB} } ${USER_ERRORS} } }`;
const READ = `query ($id: ID!) { trainingJob(id: $id) { ${JOB} } }`;

export class TrainStart extends ServerCommand {
  static override summary = 'Train a template. With --wait, exit code 6 when the training did not succeed.';
  static override examples = [
    '<%= config.bin %> train start penguins --wait',
    `<%= config.bin %> train start penguins --data penguins@2 --override '{"training": {"maxEpochs": 5}}'`,
  ];
  static override args = { template: Args.string({ description: 'Name of the template.', required: true }) };
  static override flags = {
    data: Flags.string({ description: "NAME@NUMBER; the newest valid version of the template's data set when absent." }),
    override: Flags.string({ description: 'Parts of the spec that this training has otherwise, as JSON.' }),
    wait: Flags.boolean({ description: 'Wait until it has ended.' }),
    timeout: Flags.integer({ description: 'Seconds to wait.', default: 3600, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TrainStart);
    const printer = this.printer(flags);
    const overrides = flags.override === undefined ? undefined : jsonObject(flags.override, '--override');
    const client = this.connect(flags);
    const { id: templateId } = await templateOf(client, args.template);
    const datasetVersionId = flags.data && (await dataOf(client, flags.data));
    const { trainingJob } = await client.mutate<{ trainingJob: Job }>(START, { templateId, datasetVersionId, overrides });
    if (flags.wait) printer.say(`run ${trainingJob.run.id}; \`tailrace run watch\` follows it`);
    const tick = ({ state, epoch }: Job) =>
      printer.progress(`${state.toLowerCase()}${epoch === null ? '' : `, epoch ${epoch}`} …`);
    const job = flags.wait ? await ended(client, trainingJob.id, flags.timeout, tick) : trainingJob;
    printer.data(job, () => jobText(job));
    if (flags.wait && job.state !== 'SUCCEEDED') throw new Failure(`the training ended as ${job.state}`, EXIT.runFailed);
  }
}

function dataOf(client: TailraceClient, text: string): Promise<string> {
  const { name, number } = versionNamed(text);
  return versionIdOf(client, name, number);
}

function ended(client: TailraceClient, id: string, seconds: number, tick: (job: Job) => void): Promise<Job> {
  const ask = async () => {
    const { trainingJob } = await client.query<{ trainingJob: Job }>(READ, { id });
    tick(trainingJob);
    return trainingJob;
  };
  return until(ask, ({ state }) => state !== 'QUEUED' && state !== 'RUNNING', seconds, 'the training');
}
