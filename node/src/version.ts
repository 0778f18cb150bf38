/** Put in by the bundler: to read it from package.json would be a tenth of what a `require` of this package takes itself. */
declare const PACKAGE_VERSION: string;

/** The version of this package. */
export const version: string = PACKAGE_VERSION;
