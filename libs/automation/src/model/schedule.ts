import { Cron } from 'croner';
import { DomainError } from '#kernel';

export interface Schedule {
  /** Minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  /** After times that were missed: one firing, or none. */
  readonly catchUp: 'once' | 'none';
}

/** The longest time by which clocks go back is three hours. */
const FOLD_STEP_MS = 15 * 60_000;
const FOLD_STEPS = 12;

/** A time that is this late was missed; until then it is only late. */
export const MISSED_AFTER_MS = 60_000;

/** Throws BAD_INPUT for what is no cron of five fields, for an unknown time zone, and for times that never come. */
export function checkSchedule({ cron, timeZone }: Schedule, path: string): void {
  if (cron.trim().split(/\s+/).length !== 5)
    throw bad(`${path}.cron`, 'a cron has five fields: minute, hour, day of month, month, day of week');
  if (!isTimeZone(timeZone)) throw bad(`${path}.timeZone`, `${timeZone} is no time zone; use an IANA name such as Europe/Berlin`);
  let next: Date | undefined;
  try {
    next = nextTime({ cron, timeZone }, new Date());
  } catch (error) {
    throw bad(`${path}.cron`, (error as Error).message.replace(/^CronPattern: /, ''));
  }
  if (!next) throw bad(`${path}.cron`, 'this time never comes');
}

/**
 * The first time of the schedule after `after`; undefined when none comes. When clocks go forward, a time that the day lacks comes as much later; when they
 * go back, a time that the day has twice comes once. A schedule of every hour goes on through both hours.
 */
export function nextTime({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>, after: Date): Date | undefined {
  const isHourly = cron.trim().split(/\s+/)[1] === '*';
  return (isHourly ? nextByOffset(cron, timeZone, after) : undefined) ?? nextByWallClock(cron, timeZone, after);
}

/** croner knows the second of two equal hours by the first, and answers then with a time that is over: it is asked again from a little later on. */
function nextByWallClock(cron: string, timeZone: string, after: Date): Date | undefined {
  const times = new Cron(cron, { timezone: timeZone, paused: true });
  for (let step = 0; step <= FOLD_STEPS; step++) {
    const next = times.nextRun(new Date(after.getTime() + step * FOLD_STEP_MS));
    if (!next || next > after) return next ?? undefined;
  }
  return undefined;
}

/** By the offset that holds then: by wall clock alone the second of two equal hours would be passed over. undefined where the clocks change in between. */
function nextByOffset(cron: string, timeZone: string, after: Date): Date | undefined {
  let utcOffset = offsetMinutes(timeZone, after);
  for (const _now of ['before', 'after']) {
    const next = new Cron(cron, { utcOffset, paused: true }).nextRun(after);
    if (!next) return undefined;
    const then = offsetMinutes(timeZone, next);
    if (then === utcOffset) return next;
    utcOffset = then;
  }
  return undefined;
}

export function wasMissed(due: Date, now: Date): boolean {
  return now.getTime() - due.getTime() > MISSED_AFTER_MS;
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** How far a zone's clocks are before UTC at a time, in minutes. */
function offsetMinutes(timeZone: string, at: Date): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

function bad(path: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${path}: ${message}`, path);
}
