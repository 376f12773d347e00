export { ID_PREFIXES, kindOfId, newId, type Id, type IdKind } from './ids.js';
export { assertNever, DomainError, ERROR_CODES, errorMessage, isDomainError, type ErrorCode } from './errors.js';
export { Waker } from './waker.js';
export { sleep, systemClock, type Clock } from './clock.js';
export {
  decodeCursor,
  DEFAULT_PAGE,
  encodeCursor,
  MAX_PAGE,
  parsePage,
  parsePageSize,
  toPage,
  type Page,
  type PageArgs,
} from './page.js';
export { canMove, isTerminal, statesBefore, type TransitionTable } from './transitions.js';
export { newSigningSecret } from './signing-secret.js';
export { canonicalJson, sha256, type Json } from './canonical.js';
