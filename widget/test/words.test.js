import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import './browser.js';

const { KEYS, words: wordsWith } = await import('../src/locales.js');
const { TABLE } = await import('../src/parts/words.js');
/** The card's texts with all languages loaded. */
const words = (locale, extra) => wordsWith(locale, extra, TABLE);
const { countdown, exponent, money, percent } = await import('../src/format.js');
const { listed, parse, stringify } = await import('../src/json.js');
const { readGoogle, readTcf, readWordPress } = await import('../src/consent.js');

test('every language has every word, and its place for the time', () => {
  for (const language of ['en', 'de', 'fr', 'es', 'pl', 'it', 'nl', 'pt', 'sv', 'da', 'nb', 'no']) {
    const row = words(language, undefined);
    for (const key of KEYS) assert.ok(row[key] && row[key] !== 'undefined', `${language} ${key}`);
    assert.equal(row.ends.split('{}').length, 2);
    assert.equal(row.kept.split('{}').length, 2);
    if (language !== 'en') assert.notEqual(row.accept, words('en', undefined).accept);
  }
});

test('a shop adds a language or changes a word, for a region too', () => {
  assert.equal(words('fi', { fi: { accept: 'Ota tarjous' } }).accept, 'Ota tarjous');
  assert.equal(words('de-AT', { de: { accept: 'Nehmen' } }).accept, 'Nehmen');
  assert.equal(words('de-AT', { 'de-AT': { accept: 'Passt' } }).dismiss, 'Nein, danke');
  assert.equal(words('xx', undefined).accept, 'Take this offer');
});

test('without the part, the card is in English and says so', () => {
  const row = wordsWith('de', undefined);
  assert.equal(row.accept, 'Take this offer');
  assert.equal(row.lang, 'en');
  assert.equal(words('d', undefined).lang, 'en', 'a language is a whole subtag');
});

test('money has the decimals of its currency', () => {
  assert.equal(money({ amount: 10965, currency: 'EUR' }, 'en'), '€109.65');
  assert.equal(money({ amount: 15749, currency: 'JPY' }, 'en'), '¥15,749');
  assert.match(money({ amount: 1234, currency: 'KWD' }, 'en'), /1\.234/);
});

test('every currency has the decimals that the server gives it', () => {
  const table = new URL('../../server/tactful/core/values/money.py', import.meta.url);
  const rows = readFileSync(table, 'utf8')
    .split('_CODES_BY_EXPONENT: Final = {')[1]
    .split('\n}')[0];
  let count = 0;
  for (const [, digits, , codes] of rows.matchAll(/(\d): ("+)([^"]*)"/g)) {
    for (const code of codes.trim().split(/\s+/)) {
      assert.equal(Number(exponent(code)), Number(digits), code);
      const text = money({ amount: 499_000, currency: code }, 'en');
      const shown = text.match(/\.(\d+)/)?.[1].length ?? 0;
      assert.equal(shown, Number(digits), text);
      count += 1;
    }
  }
  assert.ok(count > 160, `${count} currencies`);
});

test('a percentage has the decimals it was sent with', () => {
  assert.equal(percent(-0.15, 'en'), '-15%');
  assert.equal(percent(-0.125, 'en'), '-12.5%');
});

test('the countdown is read at a glance', () => {
  assert.deepEqual([0.2, 59.1, 60, 899, 3600, 7325, 90000].map(countdown), [
    '0:01',
    '1:00',
    '1:00',
    '14:59',
    '1:00:00',
    '2:02:05',
    '25:00:00',
  ]);
});

test("a library's toJSON and a page's prototype reach no message", () => {
  Array.prototype.toJSON = () => 'broken';
  Object.prototype.replaces = 'polluted';
  try {
    assert.equal(stringify({ lines: listed([{ sku: 'A' }]) }), '{"lines":[{"sku":"A"}]}');
    assert.equal(parse('{"a":{"b":1}}').a.replaces, undefined);
    assert.equal(parse('{"__proto__":{"x":1}}').x, undefined);
  } finally {
    delete Array.prototype.toJSON;
    delete Object.prototype.replaces;
  }
});

test("consent systems' words are graded", () => {
  const state = {};
  assert.equal(
    readGoogle(state, { analytics_storage: 'granted', ad_personalization: 'denied' }),
    1,
  );
  assert.equal(readGoogle(state, { ad_personalization: 'granted' }), 2);
  assert.equal(readGoogle({}, { region: ['DE'], ad_personalization: 'granted' }), 0);
  assert.equal(readTcf({ eventStatus: 'cmpuishown' }), undefined);
  assert.equal(readTcf({ eventStatus: 'tcloaded', purpose: { consents: { 1: true } } }), 1);
  assert.equal(readTcf({ gdprApplies: false }), 2);
  assert.equal(
    readWordPress((category) => category === 'marketing'),
    2,
  );
  assert.equal(
    readWordPress(() => false),
    0,
  );
});

test('of several defaults the most restrictive counts, and no grant for some regions', () => {
  const state = {};
  const denied = {
    region: ['DE', 'AT'],
    ad_personalization: 'denied',
    analytics_storage: 'denied',
  };
  const granted = { ad_personalization: 'granted', analytics_storage: 'granted' };
  assert.equal(readGoogle(state, granted, true), 2);
  assert.equal(readGoogle(state, denied, true), 0);
  assert.equal(readGoogle(state, granted, true), 0, 'in whichever order they come');
  assert.equal(readGoogle({}, { ...granted, region: ['US'] }, true), 0);
  assert.equal(readGoogle(state, { analytics_storage: 'granted' }, false), 1, 'a choice was made');
  assert.equal(readGoogle(state, denied, true), 1, 'a late default does not undo it');
});

test('the words say of which language they are', () => {
  const cases = { ja: 'en', ar: 'en', de: 'de', 'de-AT': 'de', en: 'en', 'en-GB': 'en' };
  for (const [locale, lang] of Object.entries(cases)) assert.equal(words(locale).lang, lang);
  assert.equal(words('nl', { nl: { accept: 'Neem' } }).lang, 'nl');
});
