// As a program does it: the loader of modules has been at work before.
const begin = performance.now();
require('spark-t2i');
process.stdout.write(String(performance.now() - begin));
