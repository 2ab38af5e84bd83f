// Who gets to a workspace by the institute's door: a browser whose address lies in the institute's networks, with each
// request, whatever session or token it brings (S78, NET-04). The rule is that of `hub_config/zones.py`, and a test holds
// the two against each other. Without networks in the environment this is another door, and asks nobody.

import { BlockList, isIP } from "node:net";

const LONGEST = 2000;
const TEXTS = (process.env.SLUIS_INSTITUTE_NETWORKS || "").split(" ").filter(Boolean);
const BALANCERS = Number(process.env.SLUIS_BALANCERS || 0);
const networks = new BlockList();
for (const text of TEXTS) {
  const [address, bits] = text.split("/");
  networks.addSubnet(address, Number(bits), family(address));
}

function family(address) {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

function isAddress(text) {
  return isIP(text) !== 0 && !text.includes("%");
}

// The browser's address behind that many proxies of the operator's; undefined where it cannot be told.
function browserAddress(peer, forwarded) {
  if (!isAddress(peer)) return undefined;
  if (BALANCERS === 0) return peer;
  if (forwarded.length > LONGEST) return undefined;
  const hops = forwarded.split(",").map((hop) => hop.replace(/^[ \t]+|[ \t]+$/g, ""));
  const counted = hops.slice(-BALANCERS);
  return hops.length >= BALANCERS && counted.every(isAddress) ? counted[0] : undefined;
}

export function isOutside(req) {
  if (TEXTS.length === 0) return false;
  const address = browserAddress(req.socket.remoteAddress || "", req.headers["x-forwarded-for"] || "");
  return address === undefined || !networks.check(address, family(address));
}
