import { registerEnumType } from '@nestjs/graphql';

export enum RunStatusEnum {
  SCHEDULED = 'SCHEDULED',
  RUNNING = 'RUNNING',
  FINISHED = 'FINISHED',
  FAILED = 'FAILED',
  KILLED = 'KILLED',
}
registerEnumType(RunStatusEnum, { name: 'RunStatus' });

export enum FinalRunStatusEnum {
  FINISHED = 'FINISHED',
  FAILED = 'FAILED',
  KILLED = 'KILLED',
}
registerEnumType(FinalRunStatusEnum, { name: 'FinalRunStatus' });
