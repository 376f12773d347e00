import type { TransitionTable } from '#kernel';

/**
 * WAITING: held back by the cooldown or by another that has not ended. FIRED: handed to the actor. RUNNING: it acted, and what it started goes on.
 */
export const EXECUTION_LIFE = {
  WAITING: ['FIRED', 'SKIPPED'],
  FIRED: ['RUNNING', 'COMPLETED', 'FAILED', 'SKIPPED'],
  RUNNING: ['COMPLETED', 'FAILED'],
  COMPLETED: [],
  FAILED: [],
  SKIPPED: [],
} as const satisfies TransitionTable<string>;

export type ExecutionState = keyof typeof EXECUTION_LIFE;
export const EXECUTION_STATES = Object.keys(EXECUTION_LIFE) as ExecutionState[];
