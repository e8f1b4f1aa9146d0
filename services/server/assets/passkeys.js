// Passkeys: the device answers what the server asks, and the answer goes into a
// form like any other. Without script such forms stay hidden; links work everywhere.

import { find, findAll } from "./dom.js";

/** Where the server asks. */
const OPTIONS = { create: "/v1/me/passkeys/options", get: "/v1/session/passkey/options" };

/** What browsers call it, and what to say. @type {Record<string, string>} */
const WORDS = {
  NotAllowedError: "Cancelled, or the time was over. Nothing has changed.",
  AbortError: "Cancelled. Nothing has changed.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "Passkeys do not work at this address.",
  TimeoutError: "No answer from the bar. Try again.",
};

/** Something that may be shown as it is. */
class Said extends Error {}

/**
 * Bytes of base64url.
 * @param {string} text
 */
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/**
 * Base64url of bytes.
 * @param {ArrayBuffer} buffer
 */
const text = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/**
 * What the server asks of the device.
 * @param {keyof typeof OPTIONS} kind
 */
async function asked(kind) {
  const response = await fetch(OPTIONS[kind], {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(15000),
  }).catch(() => {
    throw new Said("No answer from the bar. Try again.");
  });
  const answer = await response.json();
  if (response.ok) return answer;
  if (response.status === 401) location.assign("/sign-in");
  throw new Said(answer.detail ?? answer.title ?? "That did not work.");
}

/** A new passkey, as JSON. */
async function create() {
  const options = await asked("create");
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((/** @type {{id: string}} */ had) => ({ ...had, id: bytes(had.id) })),
    },
  });
  const credential = /** @type {PublicKeyCredential} */ (made);
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  return {
    id: credential.id,
    type: credential.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** A passkey that its owner chose and used, as JSON. */
async function get() {
  const options = await asked("get");
  const used = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge) } });
  const credential = /** @type {PublicKeyCredential} */ (used);
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return {
    id: credential.id,
    type: credential.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : "",
    },
  };
}

/**
 * Lets the device answer, and sends the form with its answer.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
export async function usePasskey(form, button) {
  const says = find("[data-says]", form);
  const field = form.elements.namedItem("credential");
  if (!says || !(field instanceof HTMLInputElement)) return;
  says.hidden = true;
  form.dataset.sending = "";
  button?.setAttribute("aria-busy", "true");
  try {
    field.value = JSON.stringify(await (form.dataset.passkey === "create" ? create() : get()));
    form.submit();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    says.textContent = error instanceof Said ? error.message : (WORDS[name] ?? "This device could not do it.");
    says.hidden = false;
    delete form.dataset.sending;
    button?.removeAttribute("aria-busy");
  }
}

/** Shows what needs passkeys where the browser has them, or says that it has none. */
export function watchPasskeys() {
  const has = "PublicKeyCredential" in window;
  for (const part of findAll(has ? "[data-passkey]" : "[data-without-passkeys]")) part.hidden = false;
  // A passkey that the house does not know need not be offered again.
  const credentialId = find("[data-unknown-passkey]")?.dataset.unknownPasskey;
  if (has && credentialId) {
    const browser = /** @type {{signalUnknownCredential?: (what: object) => Promise<void>}} */ (/** @type {unknown} */ (PublicKeyCredential));
    browser.signalUnknownCredential?.({ rpId: location.hostname, credentialId }).catch(() => {});
  }
}
