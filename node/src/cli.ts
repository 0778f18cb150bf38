#!/usr/bin/env node
/** The command line: `npx spark-t2i`. */

import { native } from './native';

// Node's own handlers raise the signal again, for ever where the command has one, too. A listener that comes and goes leaves
// none: then Ctrl-C means what it means to a program without Node, and the commands that wait look after it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  const listener = () => {};
  process.on(signal, listener).off(signal, listener);
}

process.exit(native.runCommandLine(['spark-t2i', ...process.argv.slice(2)]));
