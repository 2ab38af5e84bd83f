// Where all is one origin, nothing is on another host than its own (SES-14). With web origins of their own, another host
// than the hub's has its own routes; what is left there leads to the hub, whose pages must not appear on a workspace's
// origin: only `/` and what is below `/user/`, where it only redirects.
const hubHosts = new Set((process.env.SLUIS_HUB_HOSTS || "").split(" ").filter(Boolean));

export function isAstray(proxy, req, match) {
  if (hubHosts.size === 0 || hubHosts.has((req.headers.host || "").replace(/:[0-9]*$/, "").toLowerCase())) return false;
  if (!proxy.hostRouting) return true;
  if (match.prefix !== "/") return false;
  return req.url.split("?")[0] !== "/" && !req.url.startsWith("/user/");
}
