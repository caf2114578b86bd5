/** A store in memory, for tests and to read beside the port. */

import { isOpen } from './attempts.js';

/** Attempts and entries in maps. */
export class MemoryStore {
  #lastId = 0;
  /** `order`, tab, `number` → attempt. */
  attempts = new Map();
  /** Id → `{entry, notBefore}` of unfinished entries. */
  waiting = new Map();
  /** `{entry, failure}` of entries that Tactful refused for good. */
  failed = [];

  async latestAttempt(order) {
    const found = [...this.attempts.values()].filter((one) => one.order === order);
    return found.sort((one, other) => other.number - one.number)[0] ?? null;
  }

  async openAttempts() {
    return [...this.attempts.values()].filter(isOpen);
  }

  async record(attempt, ...entries) {
    if (attempt) this.attempts.set(`${attempt.order}\t${attempt.number}`, attempt);
    for (const entry of entries) {
      this.#lastId += 1;
      this.waiting.set(this.#lastId, { entry: { ...entry, id: this.#lastId }, notBefore: 0 });
    }
  }

  async due(now, limit, subject) {
    const first = new Map();
    for (const one of this.waiting.values()) {
      if (!first.has(one.entry.subject)) first.set(one.entry.subject, one);
    }
    const isDue = ({ entry, notBefore }) =>
      subject === undefined ? notBefore <= now : entry.subject === subject;
    return [...first.values()]
      .filter(isDue)
      .slice(0, limit)
      .map(({ entry }) => entry);
  }

  async finish(entry, attempt, failure = '') {
    this.waiting.delete(entry.id);
    if (failure) this.failed.push({ entry, failure });
    await this.record(attempt);
  }

  async postpone(entry, notBefore) {
    if (!this.waiting.has(entry.id)) return;
    this.waiting.set(entry.id, { entry: { ...entry, tries: entry.tries + 1 }, notBefore });
  }
}
