/** The native part: found, loaded, and checked against this package. */

import type * as Binding from './binding';
import { version } from './version';

export type { Binding };

/** The packages that may hold the native part for this system, the likelier one first. */
function candidates(): string[] {
  const { platform, arch } = process;
  const suffixes = platform === 'linux' ? ['-gnu', '-musl'] : platform === 'win32' ? ['-msvc'] : [''];
  return suffixes.map((suffix) => `spark-t2i-${platform}-${arch}${suffix}`);
}

function load(): typeof Binding {
  const names = candidates();
  const problems: unknown[] = [];
  for (const name of names) {
    let found: typeof Binding;
    try {
      found = require(name) as typeof Binding;
    } catch (problem) {
      problems.push(problem);
      continue;
    }
    if (found.VERSION !== version) {
      throw new Error(
        `spark-t2i ${version} found its native part in version ${found.VERSION} (${require.resolve(name)}): ` +
          'two installations are mixed; install spark-t2i again',
      );
    }
    return found;
  }
  throw new Error(
    `spark-t2i found no native part for this system: it would be in the package ${names.join(' or ')}, which npm installs ` +
      'with spark-t2i where there is one; without it, was "--omit=optional" given, or is the lock file from another system?',
    { cause: new AggregateError(problems, problems.map(String).join('; ')) },
  );
}

export const native: typeof Binding = load();
