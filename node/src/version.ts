/** Put in by the bundler: package.json would be one more file to read at each `require`. */
declare const PACKAGE_VERSION: string;

/** The version of this package. */
export const version: string = PACKAGE_VERSION;
