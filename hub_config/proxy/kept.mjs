// Connections to unix sockets stay open, as upstream (5.3.0) keeps those to ports: its `Connection: close` loses answers.
//
// Node ends the body of a request with an empty write, which fails (EPIPE) on a unix socket whose server has answered
// and closed meanwhile. The proxy then said 503 of what was done, as of a notebook that was saved.

import http from "node:http";

const agent = new http.Agent({ keepAlive: true });

// Changes what a `ConfigurableProxy`'s prototype says of a target.
export function keepOpen(prototype) {
  const { proxyOptsForTarget } = prototype;
  prototype.proxyOptsForTarget = function (target) {
    const options = proxyOptsForTarget.call(this, target);
    return options.target.socketPath ? { ...options, agent } : options;
  };
}
