// Asks the browser for a passkey, or for a new one, and sends what it gives as a form (WebAuthn Level 3). What the hub asks for
// stands in `data-options`; what goes wrong is told by a text that stands in the page.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(does, options) {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (does === "get") {
    return navigator.credentials.get({ publicKey: { ...asked, allowCredentials: described(options.allowCredentials) } });
  }
  const user = { ...options.user, id: bytes(options.user.id) };
  return navigator.credentials.create({ publicKey: { ...asked, user, excludeCredentials: described(options.excludeCredentials) } });
}

function answer(given) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (given.response[name]) response[name] = text(given.response[name]);
  }
  return JSON.stringify({ id: given.id, rawId: text(given.rawId), type: given.type, response });
}

const PROBLEMS = {
  AbortError: "cancelled", NotAllowedError: "cancelled", InvalidStateError: "known", SecurityError: "site",
  ConstraintError: "weak", NotSupportedError: "weak",
};

function tell(form, problem) {
  for (const one of form.querySelectorAll("[data-problem]")) one.hidden = one.dataset.problem !== problem;
  const told = form.querySelector(`[data-problem="${problem}"]`);
  if (told && told.hasAttribute("tabindex")) told.focus();
}

function listen(form) {
  const button = form.querySelector("button");
  const waits = form.querySelector("[data-waits]");
  const asking = (does) => {
    button.disabled = does;
    waits.hidden = !does;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    tell(form, "");
    asking(true);
    try {
      const given = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
      form.elements.passkey.value = answer(given);
    } catch (problem) {
      asking(false);
      tell(form, PROBLEMS[problem.name] || "other");
      return;
    }
    form.submit();
  });
  window.addEventListener("pageshow", () => asking(false));
  tell(form, "");
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.PublicKeyCredential) listen(form);
  else tell(form, "none");
}
