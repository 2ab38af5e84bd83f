// JupyterLab's page tells the hub that its person is there, and the person when their login is over (S76, SES-12).
//
// Only what somebody does counts: a key, a button, a wheel, in a page that is seen. A notebook that runs or polls says
// nothing, and neither does a script that makes up events. At most once a minute; a page that lost its login asks again
// after five seconds, so that a login in another tab is soon known here. What is sent has no body.
//
// Written by hand as a prebuilt extension, so that no build step is needed: a container of module federation, whose
// `init` and `get` JupyterLab calls.

(() => {
  "use strict";

  const EVERY = 60_000; // milliseconds
  const AFTER_A_REFUSAL = 5_000;
  const DONE_BY_PEOPLE = ["keydown", "pointerdown", "wheel"];
  const LOG_IN = "sluis:log-in";
  // JupyterLab shows the first 140 characters.
  const OVER =
    "Your login is over; what runs here goes on. Log in again, and this page goes on, too. Nothing is saved before.";
  const UNREACHED =
    "This workspace does not answer. If your login is over, log in again; if it ended, start it from your requests.";
  const SILENT =
    "Sluis does not answer, so your login may end while you work. Save your work, and log in again if you are asked.";

  // Where the hub is, as the workspace's server says; on another origin where workspaces have their own.
  function hubAddress(app, path) {
    const { hubHost, hubPrefix } = app.paths.urls;
    return new URL((hubHost || "") + hubPrefix + path, window.location.href);
  }

  // What the hub says to it: nothing where it knows now, or the words for whoever is here.
  async function tell(address) {
    try {
      const answer = await fetch(address, { method: "POST", credentials: "include", cache: "no-store" });
      if (answer.ok) return "";
      return answer.status === 401 || answer.status === 403 ? OVER : SILENT;
    } catch {
      return SILENT;
    }
  }

  // Whether the workspace was out of reach since it answered last.
  let lost = false;

  // One notification at a time, with a button; none where the words are empty. What was closed does not come again.
  const notice = { words: "", id: null };
  async function show(app, words) {
    if (words === notice.words) return;
    const before = notice.id;
    Object.assign(notice, { words, id: null });
    if (before !== null) await app.commands.execute("apputils:dismiss-notification", { id: before });
    if (words === "") return;
    const actions = [{ label: "Log in again", commandId: LOG_IN, displayType: "accent" }];
    const options = { autoClose: false, actions };
    try {
      notice.id = await app.commands.execute("apputils:notify", { message: words, type: "error", options });
    } catch {
      notice.words = ""; // not ready yet: said again with the next try
    }
  }

  function listen(app) {
    if (!app.paths.urls.hubPrefix) return; // not started by a hub
    app.commands.addCommand(LOG_IN, {
      label: "Log in again",
      execute: () => void window.open(hubAddress(app, "login"), "_blank", "noopener"),
    });
    wait(app);
    void stay(hubAddress(app, "place"));
    const beacon = hubAddress(app, "activity");
    let next = 0;

    async function somebodyIsHere(event) {
      if (!event.isTrusted || document.visibilityState !== "visible" || Date.now() < next) return;
      next = Date.now() + EVERY;
      const words = await tell(beacon);
      if (words !== "") next = Date.now() + AFTER_A_REFUSAL;
      if (words === OVER) lost = true;
      await show(app, words);
    }

    for (const kind of DONE_BY_PEOPLE) {
      document.addEventListener(kind, (event) => void somebodyIsHere(event), { capture: true, passive: true });
    }
  }

  // Lets the hub see where this browser sits, for as long as the page stands: whose place is not seen counts as outside
  // the institute's network (NET-05). It is no sign of the person. Where there is no such network it is asked once.
  async function stay(address) {
    let again = AFTER_A_REFUSAL;
    try {
      const answer = await fetch(address, { credentials: "include", cache: "no-store" });
      if (answer.ok) again = 1000 * (await answer.json()).again_seconds;
    } catch {
      // out of reach: asked again
    }
    if (again > 0) setTimeout(() => void stay(address), again);
  }

  // What JupyterLab asks of its server while that is out of reach. Where the hub says so (424) it tries again later; but
  // what is refused after the next login, since the workspace's cookie is of before, would mean that kernels have died.
  function wait(app) {
    const settings = app.serviceManager.serverSettings;
    const plain = settings.fetch;
    let renewing = null;
    settings.fetch = async (...asked) => {
      const answer = await plain(...asked).catch((error) => {
        lost = true; // on an origin of its own a workspace without a route leads to another, which cannot be read
        throw error;
      });
      if (answer.status === 424) lost = true;
      if (lost && answer.ok) {
        lost = false;
        await show(app, "");
      }
      if (!lost || answer.status !== 403) return answer;
      renewing = renewing || renewed(settings).finally(() => (renewing = null));
      await renewing;
      return new Response("{}", { status: 424 });
    };
  }

  // Goes round by the hub, unseen, as opening a page does: where the login holds, the workspace's cookie is new then.
  function renewed(settings) {
    return new Promise((resolve) => {
      const frame = document.createElement("iframe");
      const done = () => {
        frame.remove();
        resolve();
      };
      frame.hidden = true;
      frame.addEventListener("load", done);
      setTimeout(done, AFTER_A_REFUSAL);
      frame.src = `${settings.baseUrl}files/.sluis`; // nothing, behind the workspace's login
      document.body.append(frame);
    });
  }

  // In place of JupyterHub's own question whether to restart a server that "is not running": mostly it runs.
  function unreached(app) {
    return async () => {
      if (notice.words === "") await show(app, UNREACHED);
    };
  }

  // A module that JupyterLab shares, in the one version that it has; undefined where it has none.
  async function shared(scope, name) {
    const [version] = Object.values((scope && scope[name]) || {});
    return version && (await version.get())();
  }

  let scope;
  async function plugins() {
    const found = [{ id: "sluis:beacon", autoStart: true, activate: listen }];
    const application = await shared(scope, "@jupyterlab/application");
    if (application && application.IConnectionLost) {
      found.push({
        id: "sluis:connection-lost",
        autoStart: true,
        provides: application.IConnectionLost,
        activate: unreached,
      });
    }
    return () => ({ __esModule: true, default: found });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.sluis = { init: (given) => void (scope = given), get: plugins };
})();
