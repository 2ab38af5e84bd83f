// What a door tells hub and desk about a request: which door it is, and from which address the request came to it. Both
// only on the way to them, and never what a browser sent under these names (NET-01, NET-03). A workspace learns neither.

import { createHmac } from "node:crypto";

const WORD = "x-sluis-door";
const PEER = "x-sluis-browser";

// A workspace's route, with its host before it or not: `/user/p-3/dr-12`, `/p-3-dr-12.work.example.org/user/p-3/dr-12`.
const WORKSPACE = /^(\/[^/]+)?\/user\/./;

export function isWorkspace(route) {
  return WORKSPACE.test(route);
}

// The rule is that of `hub_config/doors.py`: the door's name, with the secret that the doors share with the hub.
const NAME = process.env.SLUIS_DOOR;
const SECRET = process.env.CONFIGPROXY_AUTH_TOKEN || "";
const word = NAME && SECRET && createHmac("sha256", SECRET).update(`door:${NAME}`).digest("hex");

// `route` is that which a request was found to belong to.
export function tell(req, route) {
  delete req.headers[WORD];
  delete req.headers[PEER];
  if (!word || route === undefined || isWorkspace(route)) return;
  req.headers[WORD] = word;
  req.headers[PEER] = req.socket.remoteAddress || "";
}
