// Keeps the list of requests fresh: asks for its part of the page every few seconds. The page works without it.
"use strict";

const cards = document.getElementById("cards");

if (cards) {
  const changed = document.getElementById("changed");
  let shown = null;

  const put = (html) => {
    const open = [...cards.querySelectorAll("details[open]")].map((one) => one.id);
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    for (const id of open) fresh.querySelector(`[id="${CSS.escape(id)}"]`)?.setAttribute("open", "");
    const names = [];
    for (const article of fresh.querySelectorAll("article")) {
      const old = document.getElementById(article.id);
      const focus = old?.contains(document.activeElement);
      if (old && old.textContent === article.textContent) continue;
      if (old && !focus) old.replaceWith(article);
      else if (old) old.innerHTML = article.innerHTML;
      names.push(...[...article.querySelectorAll(".state, .last")].map((one) => one.textContent.trim()));
    }
    if (names.length) changed.textContent = names.join(" ");
  };

  const refresh = async () => {
    try {
      const answer = await fetch(cards.dataset.refresh, { credentials: "same-origin" });
      if (answer.status === 401) return location.reload();
      if (answer.ok) {
        const html = await answer.text();
        if (html !== shown) put(html);
        shown = html;
      }
    } catch { /* the network is away: what stands there stays, and the next round asks again */ }
    setTimeout(refresh, 4000);
  };
  setTimeout(refresh, 4000);
}
