import { Field, ID, InputType, registerEnumType } from '@nestjs/graphql';
import { DomainError } from '#kernel';
import type { LoggedModelCondition, LoggedModelOrder, OnDataset } from '#tracking';
import {
  MOST_TESTS,
  NumberFilter,
  numberTests,
  OrderDirection,
  ParamFilter,
  TagFilter,
  TextFilter,
  textTests,
  TimeFilter,
} from './run-filter.js';

export enum LoggedModelStatusEnum {
  PENDING = 'PENDING',
  READY = 'READY',
  UPLOAD_FAILED = 'UPLOAD_FAILED',
}
registerEnumType(LoggedModelStatusEnum, { name: 'LoggedModelStatus', description: 'PENDING: its files are still to come.' });

@InputType({ description: 'Measured on a data set of this name; with a digest, on that version of it.' })
export class OnDatasetInput {
  @Field() name!: string;
  @Field(() => String, { nullable: true }) digest?: string | null;
}

@InputType({ description: 'One measurement of the model passes all tests; without tests, there is one.' })
export class LoggedModelMetricFilter {
  @Field() key!: string;
  @Field(() => NumberFilter, { nullable: true }) value?: NumberFilter | null;
  @Field(() => OnDatasetInput, { nullable: true }) dataset?: OnDatasetInput | null;
}

@InputType({ description: 'Everything that is given holds.' })
export class LoggedModelFilter {
  @Field(() => TextFilter, { nullable: true }) name?: TextFilter | null;
  @Field(() => [LoggedModelStatusEnum], { nullable: true }) status?: LoggedModelStatusEnum[] | null;
  @Field(() => TextFilter, { nullable: true }) modelType?: TextFilter | null;
  @Field(() => ID, { nullable: true }) sourceRunId?: string | null;
  @Field(() => TimeFilter, { nullable: true }) createdAt?: TimeFilter | null;
  @Field(() => TimeFilter, { nullable: true }) updatedAt?: TimeFilter | null;
  @Field(() => [LoggedModelMetricFilter], { nullable: true }) metrics?: LoggedModelMetricFilter[] | null;
  @Field(() => [ParamFilter], { nullable: true }) params?: ParamFilter[] | null;
  @Field(() => [TagFilter], { nullable: true }) tags?: TagFilter[] | null;
  @Field(() => [LoggedModelFilter], { nullable: true }) and?: LoggedModelFilter[] | null;
  @Field(() => [LoggedModelFilter], { nullable: true }) or?: LoggedModelFilter[] | null;
  @Field(() => LoggedModelFilter, { nullable: true }) not?: LoggedModelFilter | null;
}

export enum LoggedModelOrderField {
  NAME = 'name',
  STATUS = 'status',
  MODEL_TYPE = 'modelType',
  CREATED_AT = 'createdAt',
  UPDATED_AT = 'updatedAt',
}
registerEnumType(LoggedModelOrderField, { name: 'LoggedModelOrderField' });

@InputType({
  description:
    'Exactly one of field and metric; of a metric, the newest measurement of the last step. What is missing comes last, NaN before it; ties: newest first.',
})
export class LoggedModelOrderInput {
  @Field(() => LoggedModelOrderField, { nullable: true }) field?: LoggedModelOrderField | null;
  @Field(() => String, { nullable: true }) metric?: string | null;
  @Field(() => OnDatasetInput, { nullable: true, description: 'The metric, as it was measured on this data set.' })
  dataset?: OnDatasetInput | null;
  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC }) direction!: OrderDirection;
}

/** The filter as conditions. Throws BAD_INPUT when it holds more than 100 tests. */
export function modelConditions(filter: LoggedModelFilter, count = { left: MOST_TESTS }): LoggedModelCondition[] {
  const all = [...attributes(filter), ...keyed(filter)];
  const inner = (part: LoggedModelFilter): LoggedModelCondition => ({ kind: 'and', of: modelConditions(part, count) });
  for (const kind of ['and', 'or'] as const) if (filter[kind]) all.push({ kind, of: filter[kind].map(inner) });
  if (filter.not) all.push({ kind: 'not', of: inner(filter.not) });
  count.left -= all.length;
  if (count.left < 0) throw new DomainError('BAD_INPUT', `a filter may hold ${MOST_TESTS} tests`, 'where');
  return all;
}

function attributes(filter: LoggedModelFilter): LoggedModelCondition[] {
  const all: LoggedModelCondition[] = [];
  for (const attribute of ['name', 'modelType'] as const)
    all.push(...textTests(filter[attribute]).map((test): LoggedModelCondition => ({ kind: 'text', attribute, ...test })));
  if (filter.status?.length) all.push({ kind: 'text', attribute: 'status', op: 'IN', value: filter.status });
  if (filter.sourceRunId) all.push({ kind: 'text', attribute: 'sourceRunId', op: '=', value: filter.sourceRunId });
  for (const attribute of ['createdAt', 'updatedAt'] as const) {
    const { from, to } = filter[attribute] ?? {};
    if (from) all.push({ kind: 'time', attribute, op: '>=', value: from.getTime() });
    if (to) all.push({ kind: 'time', attribute, op: '<=', value: to.getTime() });
  }
  return all;
}

function keyed(filter: LoggedModelFilter): LoggedModelCondition[] {
  const all: LoggedModelCondition[] = [];
  for (const { key, value, dataset } of filter.metrics ?? [])
    all.push({ kind: 'metric', key, tests: numberTests(value), dataset: onDataset(dataset) });
  for (const { key, ...tests } of filter.params ?? []) {
    const { gt, gte, lt, lte } = tests;
    const numbers = numberTests({ gt, gte, lt, lte }).map((test): LoggedModelCondition => ({
      kind: 'paramNumber',
      key,
      ...test,
    }));
    all.push(...numbers, ...texts('param', key, tests, numbers.length > 0));
  }
  for (const { key, ...tests } of filter.tags ?? []) all.push(...texts('tag', key, tests, false));
  return all;
}

function texts(kind: 'param' | 'tag', key: string, tests: TextFilter, otherwiseTested: boolean): LoggedModelCondition[] {
  const all = textTests(tests).map((test): LoggedModelCondition => ({ kind, key, ...test }));
  return all.length > 0 || otherwiseTested ? all : [{ kind, key, op: 'EXISTS' }];
}

const onDataset = (dataset: OnDatasetInput | null | undefined): OnDataset | undefined =>
  dataset ? { name: dataset.name, digest: dataset.digest ?? undefined } : undefined;

/** Throws BAD_INPUT for an item that names none or both, and for a data set without a metric. */
export function modelOrder(items: readonly LoggedModelOrderInput[] | null | undefined): LoggedModelOrder[] {
  return (items ?? []).map(({ field, metric, dataset, direction }, i) => {
    const descending = direction === OrderDirection.DESC;
    if (Boolean(field) === Boolean(metric) || (dataset && !metric))
      throw new DomainError('BAD_INPUT', 'name exactly one of field and metric; a data set goes with a metric', `orderBy.${i}`);
    if (metric) return { kind: 'metric', key: metric, dataset: onDataset(dataset), descending };
    return field === LoggedModelOrderField.CREATED_AT || field === LoggedModelOrderField.UPDATED_AT
      ? { kind: 'time', attribute: field, descending }
      : { kind: 'text', attribute: field!, descending };
  });
}
