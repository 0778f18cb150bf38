#!/usr/bin/env node
/** The command line: `npx spark-t2i`. */

import { native } from './native';

process.exit(native.runCommandLine(['spark-t2i', ...process.argv.slice(2)]));
