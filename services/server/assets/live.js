// Keeps a page up to date: listens to the server's events and loads again, as
// HTML, exactly the parts that an event concerns.
//
//   <div data-fragment="/orders/ord_…/card" data-on="order" data-only="ord_…">
//
// is loaded again when the order changes, unless it shows that version already
// (`data-order` and `data-version` inside it). A `data-board` is merged ticket
// by ticket instead, see counter.js.

import { find, findAll, load, replaceContent } from "./dom.js";

/** @typedef {{order: string, version: number, state: string, kind: string, number: number, at: string}} OrderEvent */

/**
 * Does a part of the page show this version of the order, or a later one?
 * @param {Element} part
 * @param {OrderEvent} event
 */
export function shows(part, event) {
  const shown = part.querySelector(`[data-order="${CSS.escape(event.order)}"]`);
  return shown !== null && Number(shown.getAttribute("data-version")) >= event.version;
}

/** Parts being loaded; true: something changed meanwhile, so once more. @type {Map<HTMLElement, boolean>} */
const loading = new Map();

/** How boards take in what was loaded. @type {(board: HTMLElement, fresh: Element) => void} */
let mergeBoard = replaceContent;

/**
 * Lets the counter merge its tickets in its own way.
 * @param {(board: HTMLElement, fresh: Element) => void} merge
 */
export function mergeBoardsWith(merge) {
  mergeBoard = merge;
}

/**
 * Puts a loaded part into its place.
 * @param {HTMLElement} part
 * @param {Element} fresh
 */
function put(part, fresh) {
  if (part.dataset.board) mergeBoard(part, fresh);
  else replaceContent(part, fresh);
}

/**
 * Loads one part again; calls that come while it loads are one call afterwards.
 * @param {HTMLElement} part
 */
export async function refresh(part) {
  if (loading.has(part)) {
    loading.set(part, true);
    return;
  }
  loading.set(part, false);
  try {
    const { ok, html } = await load(part.dataset.board ?? part.dataset.fragment ?? "");
    if (ok && part.isConnected) {
      const whole = part.hasAttribute("data-whole") ? html.body.firstElementChild : html.body;
      if (whole) put(part, whole);
    } else if (!ok) {
      retrySoon(part);
    }
  } catch {
    retrySoon(part);
  } finally {
    const again = loading.get(part);
    loading.delete(part);
    // In a rush of events one look every third of a second is enough.
    if (again) setTimeout(() => part.isConnected && refresh(part), 300);
  }
}

/** @param {HTMLElement} part */
function retrySoon(part) {
  setTimeout(() => part.isConnected && refresh(part), 2500);
}

const parts = () => findAll("[data-fragment], [data-board]");

/** Loads all parts again. */
export function refreshAll() {
  parts().forEach(refresh);
}

/**
 * Takes all parts from a whole page, as a form's answer brings it.
 * @param {Document} page
 */
export function takeFrom(page) {
  for (const part of parts()) {
    const name = part.dataset.board ? "data-board" : "data-fragment";
    const fresh = find(`[${name}="${CSS.escape(part.getAttribute(name) ?? "")}"]`, page);
    if (fresh) put(part, fresh);
    else refresh(part);
  }
}

/**
 * The parts that an event concerns.
 * @param {"order" | "bar"} kind
 * @param {OrderEvent} [event]
 */
function concerned(kind, event) {
  for (const part of parts()) {
    if (!(part.dataset.on ?? "").split(" ").includes(kind)) continue;
    if (event && part.dataset.only && part.dataset.only !== event.order) continue;
    if (event && shows(part, event)) continue;
    refresh(part);
  }
}

// ---- the connection ----

/** The last position seen; where to go on after a break. */
let position = document.body.dataset.position ?? "";
/** @type {EventSource | undefined} */
let source;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let complaining;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retrying;
let lost = false;
let tries = 0;

/** @param {"live" | "lost"} state */
function tell(state) {
  document.documentElement.dataset.connection = state;
  const sign = find("#connection");
  if (!sign) return;
  clearTimeout(complaining);
  if (state === "lost") {
    // A blink is not worth a word.
    complaining = setTimeout(() => {
      lost = true;
      sign.textContent = "Connection lost, trying again …";
      sign.className = "connection";
      sign.hidden = false;
    }, 1500);
  } else if (lost) {
    lost = false;
    sign.textContent = "Back online";
    sign.className = "connection back";
    complaining = setTimeout(() => (sign.hidden = true), 2500);
  }
}

function connect() {
  clearTimeout(retrying);
  source?.close();
  const url = position ? `/v1/events?after=${encodeURIComponent(position)}` : "/v1/events";
  const opened = new EventSource(url);
  source = opened;
  /** @param {MessageEvent} event */
  const seen = (event) => {
    if (event.lastEventId) position = event.lastEventId;
  };
  opened.addEventListener("open", () => {
    tries = 0;
    tell("live");
  });
  opened.addEventListener("order", (event) => {
    seen(event);
    concerned("order", JSON.parse(event.data));
  });
  opened.addEventListener("bar", (event) => {
    seen(event);
    concerned("bar");
  });
  opened.addEventListener("reset", (event) => {
    seen(event);
    refreshAll();
  });
  opened.addEventListener("error", () => {
    tell("lost");
    // The browser tries again by itself unless the answer was an error; then we do.
    if (opened.readyState === EventSource.CLOSED) {
      tries += 1;
      retrying = setTimeout(connect, Math.min(30000, 1000 * 2 ** tries));
    }
  });
}

/** Starts listening; a page of somebody who is signed in says so. */
export function listen() {
  if (document.body.dataset.position === undefined) return;
  connect();
  addEventListener("online", connect);
  addEventListener("offline", () => tell("lost"));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && source?.readyState !== EventSource.OPEN) connect();
  });
  // A page that comes out of the browser's memory shows the past.
  addEventListener("pageshow", (event) => event.persisted && refreshAll());
  addEventListener("pagehide", () => source?.close());
}
