import { isInput, toWire, type ChildAnswer } from './wire.js';

/**
 * The child's side of runChild: answers one message with what `fn` gives or throws, then exits. It also exits when the parent is gone,
 * since nobody would read its answer.
 */
export function serveChild(fn: (input: unknown) => Promise<unknown>): void {
  if (!process.send) throw new Error('this file is the entry of a child process; start it by runChild');
  process.once('disconnect', () => process.exit(0));
  process.once('message', (message) => {
    if (!isInput(message)) throw new Error('the first message of the parent must be {input}');
    void answer(fn, message.input).then(send);
  });
}

async function answer(fn: (input: unknown) => Promise<unknown>, input: unknown): Promise<ChildAnswer> {
  try {
    return { ok: true, result: await fn(input) };
  } catch (error) {
    return { ok: false, error: toWire(error) };
  }
}

function send(message: ChildAnswer): void {
  // Exit only after the write: a result of many megabytes takes more than one turn. The exit ends what native libraries keep running.
  process.send?.(message, undefined, undefined, (error) => {
    if (error) process.stderr.write(`the answer could not be sent: ${error.message}\n`);
    process.exit(error ? 1 : 0);
  });
}
