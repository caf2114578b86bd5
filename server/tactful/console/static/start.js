// Ticks off the steps of the page Start here as they happen. Without it the page shows the steps as of
// when it was loaded.
const count = document.getElementById("count");
let source;

function show({ data }) {
  const done = new Set(JSON.parse(data));
  for (const step of document.querySelectorAll("[data-step]")) {
    const isDone = done.has(step.dataset.step);
    if (isDone === step.classList.contains("ticked")) continue;
    step.classList.toggle("ticked", isDone);
    const state = step.querySelector("[data-done]");
    state.classList.toggle("shown", isDone);
    state.textContent = isDone ? state.dataset.done : state.dataset.open;
  }
  const words = count.dataset.words.replace("{done}", done.size);
  if (count.textContent !== words) count.textContent = words;
}

function listen() {
  source?.close();
  if (document.hidden) return; // a page that nobody looks at needs no news
  source = new EventSource(new URL("start/events", location.href));
  source.addEventListener("message", show);
}

document.addEventListener("visibilitychange", listen);
listen();
