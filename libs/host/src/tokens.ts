/** The parsed environment of this process. */
export const CONFIG = Symbol('Config');
