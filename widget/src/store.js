/** Where a session's resume secret rests between two pages of a visit: in this tab, or nowhere. */

import { guard } from './guard.js';
import { parse, stringify } from './json.js';

/** @typedef {{session: string, resume: string, seq: number}} Resume */

const KEY = 'tactful';
/** @type {Resume | null} for pages whose storage is blocked */
let memory = null;

/** @type {() => Resume | null} */
export const load = () => guard(() => parse(sessionStorage.getItem(KEY) ?? 'null'))() ?? memory;

/** @type {(record: Resume | null) => void} */
export const save = (record) => {
  memory = record;
  guard(() => {
    if (record) sessionStorage.setItem(KEY, stringify(record));
    else for (const key of [KEY, `${KEY}.kept`]) sessionStorage.removeItem(key);
  })();
};
