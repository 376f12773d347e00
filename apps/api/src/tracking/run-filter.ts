import { Field, Float, ID, InputType, registerEnumType } from '@nestjs/graphql';
import type { NumberOp, TextTest } from '#database';
import { DomainError } from '#kernel';
import type { Condition, Order } from '#tracking';
import { RunStatusEnum } from './run-status.js';

@InputType({ description: 'Tests on a number; all that are given hold.' })
export class NumberFilter {
  @Field(() => Float, { nullable: true }) eq?: number | null;
  @Field(() => Float, { nullable: true }) ne?: number | null;
  @Field(() => Float, { nullable: true }) gt?: number | null;
  @Field(() => Float, { nullable: true }) gte?: number | null;
  @Field(() => Float, { nullable: true }) lt?: number | null;
  @Field(() => Float, { nullable: true }) lte?: number | null;
}

@InputType({
  description:
    'Tests on a text; all that are given hold. In `like` and `ilike` (any case) % stands for any text, _ for one character.',
})
export class TextFilter {
  @Field(() => String, { nullable: true }) eq?: string | null;
  @Field(() => String, { nullable: true }) ne?: string | null;
  @Field(() => [String], { nullable: true }) in?: string[] | null;
  @Field(() => [String], { nullable: true }) notIn?: string[] | null;
  @Field(() => String, { nullable: true }) like?: string | null;
  @Field(() => String, { nullable: true }) ilike?: string | null;
}

@InputType({ description: 'Both ends are included.' })
export class TimeFilter {
  @Field(() => Date, { nullable: true }) from?: Date | null;
  @Field(() => Date, { nullable: true }) to?: Date | null;
}

@InputType({
  description:
    "The run has the metric; with `last`, its latest value passes. The platform's figure counts before an attempt's and a client's.",
})
export class MetricFilter {
  @Field() key!: string;
  @Field(() => NumberFilter, { nullable: true }) last?: NumberFilter | null;
}

@InputType({ description: 'The run has the param; with tests, its text passes them, and as a number the others.' })
export class ParamFilter extends TextFilter {
  @Field() key!: string;
  @Field(() => Float, { nullable: true }) gt?: number | null;
  @Field(() => Float, { nullable: true }) gte?: number | null;
  @Field(() => Float, { nullable: true }) lt?: number | null;
  @Field(() => Float, { nullable: true }) lte?: number | null;
}

@InputType({ description: 'The run has the tag; with tests, its text passes them.' })
export class TagFilter extends TextFilter {
  @Field() key!: string;
}

@InputType({ description: 'A data set as a client described it.' })
export class LoggedDatasetFilter {
  @Field(() => TextFilter, { nullable: true }) name?: TextFilter | null;
  @Field(() => TextFilter, { nullable: true }) digest?: TextFilter | null;
  @Field(() => TextFilter, { nullable: true }) context?: TextFilter | null;
}

@InputType({ description: 'Everything that is given holds.' })
export class RunFilter {
  @Field(() => ID, { nullable: true }) experimentId?: string | null;
  @Field(() => [ID], { nullable: true }) experimentIds?: string[] | null;
  @Field(() => [RunStatusEnum], { nullable: true }) status?: RunStatusEnum[] | null;
  @Field(() => TextFilter, { nullable: true }) name?: TextFilter | null;
  @Field(() => TextFilter, { nullable: true }) user?: TextFilter | null;
  @Field(() => ID, { nullable: true }) jobId?: string | null;
  @Field(() => ID, { nullable: true }) parentId?: string | null;
  @Field(() => TimeFilter, { nullable: true }) startedAt?: TimeFilter | null;
  @Field(() => TimeFilter, { nullable: true }) endedAt?: TimeFilter | null;
  @Field(() => [MetricFilter], { nullable: true }) metrics?: MetricFilter[] | null;
  @Field(() => [ParamFilter], { nullable: true }) params?: ParamFilter[] | null;
  @Field(() => [TagFilter], { nullable: true }) tags?: TagFilter[] | null;
  @Field(() => ID, { nullable: true, description: 'Trained on this version.' }) datasetVersionId?: string | null;
  @Field(() => LoggedDatasetFilter, { nullable: true }) dataset?: LoggedDatasetFilter | null;
  @Field(() => ID, { nullable: true, description: 'Made or used this logged model.' }) loggedModelId?: string | null;
  @Field(() => [RunFilter], { nullable: true }) and?: RunFilter[] | null;
  @Field(() => [RunFilter], { nullable: true }) or?: RunFilter[] | null;
  @Field(() => RunFilter, { nullable: true }) not?: RunFilter | null;
}

export enum RunViewEnum {
  CURRENT = 'unarchived',
  ARCHIVED = 'archived',
  TRASH = 'deleted',
  ALL = 'all',
}
registerEnumType(RunViewEnum, { name: 'View', description: 'CURRENT: neither archived nor in the trash.' });

export enum RunOrderField {
  STARTED_AT = 'startedAt',
  ENDED_AT = 'endedAt',
  NAME = 'name',
  STATUS = 'status',
  USER = 'userName',
}
registerEnumType(RunOrderField, { name: 'RunOrderField' });
export enum OrderDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(OrderDirection, { name: 'OrderDirection' });

@InputType({
  description: 'Exactly one of field, metric, param and tag. What is missing comes last, NaN before it; ties: newest first.',
})
export class RunOrder {
  @Field(() => RunOrderField, { nullable: true }) field?: RunOrderField | null;
  @Field(() => String, { nullable: true }) metric?: string | null;
  @Field(() => String, { nullable: true }) param?: string | null;
  @Field(() => String, { nullable: true }) tag?: string | null;
  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC }) direction!: OrderDirection;
}

/** Tests of one question; a question that asks for more is not one that a person wrote. */
export const MOST_TESTS = 100;
const NUMBER_OPS = { eq: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const satisfies Record<string, NumberOp>;
const TEXT_OPS = { eq: '=', ne: '!=', in: 'IN', notIn: 'NOT IN', like: 'LIKE', ilike: 'ILIKE' } as const satisfies Record<
  string,
  TextTest['op']
>;

/** The filter as a condition. Throws BAD_INPUT when it holds more than 100 tests. */
export function conditionOf(filter: RunFilter): Condition | undefined {
  const count = { left: MOST_TESTS };
  const of = conditions(filter, count);
  return of.length > 0 ? { kind: 'and', of } : undefined;
}

function conditions(filter: RunFilter, count: { left: number }): Condition[] {
  const all = [...attributes(filter), ...keyed(filter)];
  for (const kind of ['and', 'or'] as const)
    if (filter[kind]) all.push({ kind, of: filter[kind].map((inner) => ({ kind: 'and', of: conditions(inner, count) })) });
  if (filter.not) all.push({ kind: 'not', of: { kind: 'and', of: conditions(filter.not, count) } });
  count.left -= all.length;
  if (count.left < 0) throw new DomainError('BAD_INPUT', `a filter may hold ${MOST_TESTS} tests`, 'where');
  return all;
}

function attributes(filter: RunFilter): Condition[] {
  const all: Condition[] = [];
  const text = (attribute: 'name' | 'userName', tests: TextFilter | null | undefined) =>
    all.push(...textTests(tests).map((test): Condition => ({ kind: 'text', attribute, ...test })));
  const one = (attribute: 'jobId' | 'parentId' | 'experimentId', value: string | null | undefined) => {
    if (value) all.push({ kind: 'text', attribute, op: '=', value });
  };
  one('experimentId', filter.experimentId);
  if (filter.experimentIds) all.push({ kind: 'text', attribute: 'experimentId', op: 'IN', value: filter.experimentIds });
  if (filter.status?.length) all.push({ kind: 'text', attribute: 'status', op: 'IN', value: filter.status });
  text('name', filter.name);
  text('userName', filter.user);
  one('jobId', filter.jobId);
  one('parentId', filter.parentId);
  for (const attribute of ['startedAt', 'endedAt'] as const) {
    const { from, to } = filter[attribute] ?? {};
    if (from) all.push({ kind: 'time', attribute, op: '>=', value: from.getTime() });
    if (to) all.push({ kind: 'time', attribute, op: '<=', value: to.getTime() });
  }
  return all;
}

function keyed(filter: RunFilter): Condition[] {
  const all: Condition[] = [];
  for (const { key, last } of filter.metrics ?? []) {
    const tests = numberTests(last);
    all.push(
      ...(tests.length ? tests : [{ op: '>=', value: -Infinity } as const]).map((test): Condition => ({
        kind: 'metric',
        key,
        ...test,
      })),
    );
  }
  for (const { key, ...tests } of filter.params ?? []) {
    const { gt, gte, lt, lte } = tests;
    const numbers = numberTests({ gt, gte, lt, lte }).map((test): Condition => ({ kind: 'paramNumber', key, ...test }));
    all.push(...numbers, ...keyedText('param', key, tests, numbers.length > 0));
  }
  for (const { key, ...tests } of filter.tags ?? []) all.push(...keyedText('tag', key, tests, false));
  if (filter.datasetVersionId) all.push({ kind: 'datasetVersion', id: filter.datasetVersionId });
  if (filter.loggedModelId) all.push({ kind: 'loggedModel', id: filter.loggedModelId });
  if (filter.dataset) {
    const { dataset } = filter;
    const of = (['name', 'digest', 'context'] as const).flatMap((part) =>
      textTests(dataset[part]).map((test) => ({ part, ...test })),
    );
    if (of.length > 0) all.push({ kind: 'dataset', of });
  }
  return all;
}

function keyedText(kind: 'param' | 'tag', key: string, tests: TextFilter, otherwiseTested: boolean): Condition[] {
  const all = textTests(tests).map((test): Condition => ({ kind, key, ...test }));
  return all.length > 0 || otherwiseTested ? all : [{ kind, key, op: 'EXISTS' }];
}

/** Tests that are given. */
export function numberTests(tests: NumberFilter | null | undefined): { op: NumberOp; value: number }[] {
  return (Object.keys(NUMBER_OPS) as (keyof typeof NUMBER_OPS)[]).flatMap((name) => {
    const value = tests?.[name];
    return value === undefined || value === null ? [] : [{ op: NUMBER_OPS[name], value }];
  });
}

/** Tests that are given. */
export function textTests(tests: TextFilter | null | undefined): TextTest[] {
  return (Object.keys(TEXT_OPS) as (keyof typeof TEXT_OPS)[]).flatMap((name) => {
    const value = tests?.[name];
    return value === undefined || value === null ? [] : [{ op: TEXT_OPS[name], value }];
  });
}

/** Throws BAD_INPUT for an item that names none or several. */
export function orderOf(items: readonly RunOrder[] | null | undefined): Order[] {
  return (items ?? []).map(({ field, metric, param, tag, direction }, i) => {
    const descending = direction === OrderDirection.DESC;
    const named = [field, metric, param, tag].filter((value) => value !== undefined && value !== null);
    if (named.length !== 1)
      throw new DomainError('BAD_INPUT', 'name exactly one of field, metric, param and tag', `orderBy.${i}`);
    if (field)
      return field === RunOrderField.STARTED_AT || field === RunOrderField.ENDED_AT
        ? { kind: 'time', attribute: field, descending }
        : { kind: 'text', attribute: field, descending };
    if (metric) return { kind: 'metric', key: metric, descending };
    return param ? { kind: 'param', key: param, descending } : { kind: 'tag', key: tag!, descending };
  });
}
