/** C0, DEL and C1: by them, a name that somebody chose could drive the reader's terminal. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

/** Text from the server as it may be shown: on one line, without control characters. */
export function clean(text: string): string {
  return text.replaceAll(CONTROL, ' ');
}
