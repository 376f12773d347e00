/** The server refused, and said why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: string,
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }

  /** From an HTTP answer: `{"error": {...}}` of the API, `{"error": "..."}` of the inference protocol, or plain text. */
  static of(status: number, text: string): ApiError {
    try {
      const { error } = JSON.parse(text) as { error: string | { code: string; message: string } };
      return typeof error === 'string'
        ? new ApiError('INFERENCE', error, status)
        : new ApiError(error.code, error.message, status);
    } catch {
      return new ApiError('HTTP', `the server answered ${status}: ${text.slice(0, 200)}`, status);
    }
  }
}

/** Nobody answers at that URL. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  constructor(url: string, cause: unknown, hint = 'start one with: npx tailrace up') {
    super(`no server answers at ${url}; ${hint}`, { cause });
  }
}
