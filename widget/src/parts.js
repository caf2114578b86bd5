/** Parts of the widget that few pages need: files of the same version, loaded when they are needed. */

import { note } from './guard.js';
import { folder } from './settings.js';

/**
 * In the pinned file, which loads nothing, `parts/all.js` takes the place of this module.
 * @param {'doctor' | 'markup' | 'shops' | 'stream' | 'extras'} name
 * @returns {Promise<any>} the module; nothing where it cannot be had: a page from a cache may ask for
 *   a version that the server no longer has, and does without
 */
export const part = async (name) => {
  const file = `v${VERSION}-${name}.js`;
  try {
    return await import(folder() + file);
  } catch (error) {
    note(`Not loaded: ${file} ${error}`);
  }
};
