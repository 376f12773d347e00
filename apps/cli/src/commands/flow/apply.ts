import { readFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';
import { flows, type StageFlow } from './queries.js';

const FIELDS = '{ stageFlow { id name revision } userErrors { code message field } }';
const CREATE = `mutation ($input: CreateStageFlowInput!) { createStageFlow(input: $input) ${FIELDS} }`;
const UPDATE = `mutation ($input: UpdateStageFlowInput!) { updateStageFlow(input: $input) ${FIELDS} }`;

export class FlowApply extends ServerCommand {
  static override summary =
    'Make a stage flow of the workspace from a JSON file, or change it; models that follow it have the new one at once.';
  static override examples = ['<%= config.bin %> flow apply default --file flow.json'];
  static override args = { name: Args.string({ description: 'Name of the flow.', required: true }) };
  static override flags = {
    file: Flags.string({
      description: 'JSON file with {"stages": […]}; docs/registry.md says what it may hold.',
      required: true,
    }),
    description: Flags.string({ description: 'What it is for.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FlowApply);
    const flow = parsed(await readFile(flags.file, 'utf8'), flags.file);
    const client = this.connect(flags);
    const existing = (await flows(client)).find(({ name }) => name === args.name);
    const { description } = flags;
    const { stageFlow } = existing
      ? await client.mutate<{ stageFlow: StageFlow }>(UPDATE, { id: existing.id, revision: existing.revision, flow, description })
      : await client.mutate<{ stageFlow: StageFlow }>(CREATE, { name: args.name, flow, description });
    this.printer(flags).data(stageFlow, () => `stage flow ${stageFlow.name} is at revision ${stageFlow.revision}`);
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`${file} is no JSON: ${(error as Error).message}`, EXIT.usage);
  }
}
