// Follows the start of a workspace (JupyterHub's event stream) and goes on when it is ready. Texts are set as text, never as HTML.
"use strict";

const page = document.getElementById("waiting");
const bar = document.getElementById("progress");
const words = document.getElementById("progress-words");

if (page && page.dataset.stream) {
  const stream = new EventSource(page.dataset.stream);
  stream.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (event.progress !== undefined) bar.value = event.progress;
    if (event.message) words.textContent = event.message;
    if (event.ready || event.failed) {
      stream.close();
      window.location.reload();
    }
  };
} else if (page) {
  setTimeout(() => window.location.reload(), 2000);
}
