import type { InspectOptions } from 'node:util';

/** The name of the method that `console.log` asks. */
export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

type Inspect = (value: unknown, options: InspectOptions) => string;

/** What `console.log` shows of an object: its class and what may be known of it. */
export function shown(name: string, fields: object, depth: number, options: InspectOptions, show: Inspect): string {
  return depth < 0 ? `[${name}]` : `${name} ${show(fields, options)}`;
}
