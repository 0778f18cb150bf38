// As a program does it: the loader of modules has been at work before.
const begin = performance.now();
require(process.argv[2]);
process.stdout.write(String(performance.now() - begin));
