// A banner over JupyterLab says when and why this workspace ends: 30, 10 and 1 minutes before, and after it; and when the
// log is silent (POL-03, POL-04). All words are the hub's; they are set as text, never as HTML.
//
// A warning is polite (`status`) until it is urgent (`alert`): screen readers are told once for each step, and the time
// that is left, which changes, stands outside. It takes no focus, covers nothing, and can be closed until the next step.
//
// Written by hand as a prebuilt extension, as the beacon is, whose file says what that means.

(() => {
  "use strict";

  const AGAIN = 30; // seconds, where the hub does not answer
  const STYLE = `
    #sluis-leash-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; padding: 6px 12px;
      box-sizing: border-box; font: 14px/1.4 system-ui, sans-serif; background: #fff4ce; color: #1f1a00;
      border-bottom: 2px solid #7a5b00; }
    #sluis-leash-bar.urgent { background: #7d0f0f; color: #ffffff; border-bottom-color: #ffffff; }
    #sluis-leash-bar p { margin: 0; flex: 1 1 36em; }
    #sluis-leash-bar .left { font-weight: 700; font-variant-numeric: tabular-nums; white-space: nowrap; }
    #sluis-leash-bar a { color: inherit; text-decoration: underline; white-space: nowrap; }
    #sluis-leash-bar button { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor;
      border-radius: 3px; padding: 2px 10px; cursor: pointer; }
    #sluis-leash-bar :focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }`;

  const element = (name, given, ...inside) => {
    const made = Object.assign(document.createElement(name), given);
    made.append(...inside);
    return made;
  };

  // The place above JupyterLab's menu; it takes as much height as the banner needs, so that nothing lies under it.
  function room(app, Widget) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets.push(sheet);
    const bar = element("section", { id: "sluis-leash-bar" });
    bar.setAttribute("aria-label", "End of this workspace");
    const widget = new Widget({ node: element("div", {}, bar) });
    widget.id = "sluis-leash";
    new ResizeObserver(() => {
      const height = `${bar.offsetHeight}px`;
      if (!widget.isHidden && widget.node.style.minHeight !== height) {
        widget.node.style.minHeight = height;
        widget.parent?.fit();
      }
    }).observe(bar);
    app.shell.add(widget, "header", { rank: 0 });
    widget.hide();
    return { widget, bar };
  }

  const inWords = (seconds) => (seconds >= 60 ? `${Math.floor(seconds / 60)} min left` : `${seconds} s left`);

  class Banner {
    constructor(place, address) {
      Object.assign(this, { ...place, address, key: "", closed: "", ends: null });
      this.left = element("span", { className: "left" });
      setInterval(() => this.tick(), 1000);
    }

    // What the hub said; nothing is redrawn, and said again, while it stays the same.
    say(answer) {
      const { banner } = answer;
      this.ends = answer.ends_in_seconds === null ? null : performance.now() + 1000 * answer.ends_in_seconds;
      if (banner?.key !== this.closed) this.closed = ""; // closed is what is said without a break: a later silence is another
      if (banner === null || this.closed !== "") return this.clear();
      if (banner.key !== this.key) this.draw(banner);
      this.tick();
    }

    draw(banner) {
      this.key = banner.key;
      const words = element("p", {});
      words.setAttribute("role", banner.urgent ? "alert" : "status");
      const link = element("a", { href: this.address(banner.link), target: "_blank", rel: "noopener" }, banner.link_words);
      const close = element("button", { type: "button", title: "Close this notice until the next one" }, "Close");
      close.addEventListener("click", () => this.close());
      this.bar.classList.toggle("urgent", banner.urgent);
      this.bar.replaceChildren(words, this.left, link, close);
      this.widget.show();
      // A live region has to stand before its words do, or some screen readers say nothing.
      setTimeout(() => words.append(element("strong", {}, banner.words), ` ${banner.next}`), 100);
    }

    tick() {
      const seconds = this.ends === null ? 0 : Math.max(0, Math.ceil((this.ends - performance.now()) / 1000));
      const words = seconds > 0 ? inWords(seconds) : "";
      if (this.left.textContent !== words) this.left.textContent = words;
    }

    close() {
      this.closed = this.key;
      this.clear();
    }

    clear() {
      if (this.key === "") return;
      this.key = "";
      this.bar.replaceChildren();
      this.widget.node.style.minHeight = "0";
      this.widget.hide();
    }
  }

  // Asks as often as the hub says, when the page is seen again, and when JupyterLab meets that its server is away.
  function watch(app, address, banner) {
    let waiting = 0;
    let asking = false;
    async function ask() {
      if (asking) return;
      asking = true;
      clearTimeout(waiting);
      let again = AGAIN;
      try {
        const answer = await fetch(address, { credentials: "include", cache: "no-store" });
        if (answer.ok) {
          const said = await answer.json();
          again = said.again_seconds;
          banner.say(said);
        }
      } catch {
        // out of reach: asked again, and what was said stays
      }
      asking = false;
      waiting = setTimeout(ask, 1000 * again);
    }
    let soon = 0;
    const unlessJustNow = () => {
      if (performance.now() < soon) return;
      soon = performance.now() + 5000;
      void ask();
    };
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && unlessJustNow());
    app.serviceManager.connectionFailure.connect(unlessJustNow);
    unlessJustNow();
  }

  let scope;

  async function start(app) {
    const { hubHost, hubPrefix, hubServerName } = app.paths.urls;
    const server = hubServerName || app.paths.urls.base.split("/").filter(Boolean).pop();
    if (!hubPrefix || !/^dr-[1-9][0-9]*$/.test(server)) return; // not started by a hub
    const [version] = Object.values(scope["@lumino/widgets"]);
    const { Widget } = (await version.get())();
    const address = (path) => new URL((path.startsWith("/") ? hubHost || "" : "") + path, window.location.href).href;
    await app.restored;
    watch(app, address(`${hubPrefix}leash/${server}`), new Banner(room(app, Widget), address));
  }

  const plugin = { id: "sluis-leash:banner", autoStart: true, activate: (app) => void start(app) };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["sluis-leash"] = {
    init: (given) => void (scope = given),
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
