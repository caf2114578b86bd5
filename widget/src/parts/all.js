/** All parts at once, for the pinned file: its hash covers everything that it runs. */

import * as doctor from './doctor.js';
import * as extras from './extras.js';
import * as markup from './markup.js';
import * as shops from './shops.js';
import * as stream from './stream.js';

const PARTS = new Map(
  /** @type {[string, any][]} */ ([
    ['doctor', doctor],
    ['markup', markup],
    ['shops', shops],
    ['stream', stream],
    ['extras', extras],
  ]),
);

/** @param {string} name @returns {Promise<any>} the module */
export const part = async (name) => PARTS.get(name);
