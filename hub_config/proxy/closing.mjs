// The answer to a WebSocket that is not opened says that its connection ends there, as it does.
//
// Upstream (http-proxy-3 1.x) ends that connection and says `keep-alive` of it. A load balancer before this proxy would
// send somebody else's request into it, and tell them that nobody answers.

const HEAD_BEGUN = "\r\n";

// Changes what a `ConfigurableProxy`'s prototype does with a WebSocket.
export function sayWhatCloses(prototype) {
  const { handleProxyWs, handleProxyError } = prototype;
  const watched = new WeakSet();

  prototype.handleProxyWs = function (req, socket, head) {
    if (!watched.has(this)) this.proxy.on("proxyReqWs", close);
    watched.add(this);
    return handleProxyWs.call(this, req, socket, head);
  };

  // Upstream writes one whole answer here, and ends the connection where a server failed, not where there is no route.
  prototype.handleProxyError = function (code, kind, req, socket, error) {
    if (kind !== "ws" || !socket) return handleProxyError.call(this, code, kind, req, socket, error);
    const closing = {
      writableEnded: socket.writableEnded,
      write: (text) => socket.end(text.replace(HEAD_BEGUN, `${HEAD_BEGUN}Connection: close\r\n`)),
    };
    return handleProxyError.call(this, code, kind, req, closing, error);
  };
}

// Called before upstream's own listener, which passes these headers on.
function close(asked) {
  asked.once("response", (answer) => {
    answer.headers.connection = "close";
  });
}
