// Small helpers that all pages' scripts share.

/**
 * The first element that matches, or null.
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement | null}
 */
export const find = (selector, within = document) => within.querySelector(selector);

/**
 * All elements that match.
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement[]}
 */
export const findAll = (selector, within = document) => [...within.querySelectorAll(/** @type {"div"} */ (selector))];

/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;

/**
 * Says something at the foot of the screen for six seconds.
 * @param {string} text
 */
export function toast(text) {
  const element = find("#toast");
  if (!element) return;
  element.textContent = text;
  element.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), 6000);
}

/**
 * Tells those who do not see the screen; the page's one line for it is always there.
 * @param {string} text
 */
export function say(text) {
  const line = find("#status");
  if (line) line.textContent = text;
}

/** Our server's clock minus this device's, in milliseconds. */
const offset = Date.parse(document.body.dataset.now ?? "") - Date.now() || 0;

/** Now by the server's clock, in milliseconds since 1970. */
export const serverNow = () => Date.now() + offset;

/** Where those land whose session is over, or who are locked out of a shared device. */
const OVER = /^\/(sign-in|pair|who|kiosk)$/;

/**
 * Asks the server for HTML. Leaves for the sign-in page when the session is over.
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<{ok: boolean, html: Document}>}
 */
export async function load(url, init = {}) {
  const response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(15000), headers: { accept: "text/html" }, ...init });
  if (response.redirected && OVER.test(new URL(response.url).pathname)) {
    location.assign(response.url);
  }
  const html = new DOMParser().parseFromString(await response.text(), "text/html");
  return { ok: response.ok, html };
}

/**
 * Puts what a new answer says in place of what an element shows. The coffee in
 * the cup rises instead of jumping: its drawing stays and only its level changes.
 * @param {Element} old
 * @param {Element} fresh
 */
export function replaceContent(old, fresh) {
  const before = old.querySelector("svg.cup");
  const after = fresh.querySelector("svg.cup");
  const level = after?.getAttribute("class") ?? "";
  if (before && after) after.replaceWith(before);
  const focused = document.activeElement instanceof HTMLElement && old.contains(document.activeElement) ? document.activeElement : null;
  const wasOn = focused?.closest("form")?.getAttribute("action");
  old.replaceChildren(...fresh.childNodes);
  if (before && after) requestAnimationFrame(() => before.setAttribute("class", level));
  if (wasOn) find(`form[action="${CSS.escape(wasOn)}"] button`, old)?.focus({ preventScroll: true });
}
