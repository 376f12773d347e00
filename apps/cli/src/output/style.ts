interface Sink {
  readonly isTTY?: boolean;
}

/** Colours only for people who look at a terminal and did not say no (no-color.org). */
export function mayColour(sink: Sink, env: NodeJS.ProcessEnv): boolean {
  return Boolean(sink.isTTY) && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

export type Paint = (style: Style, text: string) => string;

/** Paints text, or leaves it as it is. */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : text);
}
