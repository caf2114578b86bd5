/** The style sheet, minified; see build.js. */
declare module '*.css' {
  const text: string;
  export default text;
}
/** The package's version; see build.js. */
declare const VERSION: string;
