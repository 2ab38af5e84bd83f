// The proxy of Sluis: configurable-http-proxy, except that removing a route ends what still runs through it.
//
// Upstream (5.3.0) only forgets a removed route: an open WebSocket or a streaming answer goes on. So this module keeps
// each connection with the route that serves it, and destroys those when the route goes. Everything else, the command
// line included, is the package's own.

import ConfigurableProxy from "configurable-http-proxy/lib/configproxy.js";
import { isAstray } from "./astray.mjs";
import { sayWhatCloses } from "./closing.mjs";
import { keepOpen } from "./kept.mjs";
import { isOutside } from "./place.mjs";
import { isWorkspace, tell } from "./word.mjs";

const WRAPPED = ["handleProxyWeb", "handleProxyWs", "targetForReq", "proxyOptsForTarget", "handleProxyError", "removeRoute"];
const original = ConfigurableProxy.prototype;
const missing = WRAPPED.filter((name) => typeof original[name] !== "function");
if (missing.length > 0) {
  console.error(
    `sluis proxy: configurable-http-proxy has no \`${missing.join("`, `")}\`; removing a route would end nothing: ` +
      "install the version that package-lock.json names (`make run` does)"
  );
  process.exit(2);
}
const { handleProxyWeb, handleProxyWs, targetForReq, removeRoute } = original;

// Request -> { socket, route } of everything that is under way; `route` is undefined until the routing table has answered.
const live = new Map();

// `done` tells that this request no longer owns the socket. A keep-alive socket carries requests of several routes in
// turn: a finished answer is forgotten, so that its route cannot cut what came after it on the same socket.
function remember(req, done) {
  live.set(req, { socket: req.socket, route: undefined });
  done.once("close", () => live.delete(req));
}

original.handleProxyWeb = function (req, res) {
  remember(req, res);
  return handleProxyWeb.call(this, req, res);
};

original.handleProxyWs = function (req, socket, head) {
  remember(req, socket);
  return handleProxyWs.call(this, req, socket, head);
};

original.targetForReq = async function (req) {
  const found = await targetForReq.call(this, req);
  let match = found && isAstray(this, req, found) ? undefined : found;
  if (match && isWorkspace(match.prefix) && isOutside(req)) match = { prefix: "/", target: this.options.defaultTarget };
  const connection = live.get(req);
  tell(req, match && match.prefix);
  if (connection) connection.route = match ? this._routes.cleanPath(match.prefix) : null;
  return req.socket.destroyed ? undefined : match; // ended meanwhile: it reaches no server any more
};

// The longest matching route serves a request, so `/user/a` does not end what runs through `/user/a/dr-1`. A request
// whose route is still being looked up is ended as well: it may have seen the table as it was.
original.removeRoute = async function (path) {
  try {
    return await removeRoute.call(this, path);
  } finally {
    const route = this._routes.cleanPath(path);
    for (const connection of live.values()) {
      if (connection.route === undefined || connection.route === route) connection.socket.destroy();
    }
  }
};
keepOpen(original);
sayWhatCloses(original);
await import("configurable-http-proxy/bin/configurable-http-proxy");
