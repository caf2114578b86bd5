/** The button "Report now": asks for one page after the other, and shows the progress. */
(() => {
  'use strict';
  const { url, nonce, action } = window.tactfulSync;
  const button = document.getElementById('tactful-sync');
  const progress = document.getElementById('tactful-progress');
  const said = document.getElementById('tactful-said');

  const ask = async (kind, page) => {
    const body = new URLSearchParams({ action, _ajax_nonce: nonce, kind, page });
    const answer = await fetch(url, { method: 'POST', credentials: 'same-origin', body });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.message);
    return found;
  };

  button.addEventListener('click', async () => {
    button.disabled = true;
    progress.hidden = false;
    let [done, reported, rejected] = [0, 0, []];
    try {
      const { total, kinds } = await ask('product', 0);
      progress.max = total || 1;
      for (const kind of kinds) {
        for (let page = 1; ; page += 1) {
          const step = await ask(kind, page);
          if (!step.subjects) break;
          done += step.subjects;
          reported += step.reported;
          rejected = rejected.concat(step.rejected);
          progress.value = done;
          said.textContent = `${done} / ${total}`;
        }
      }
      said.textContent = [`${reported} ✓`, `${rejected.length} ✗`, ...rejected.slice(0, 5)].join('  ');
    } catch (error) {
      said.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
  button.disabled = false;
})();
