// Keeps a page up to date: listens to the server's events and loads again, as
// HTML, exactly the parts that an event concerns.
//
//   <div data-fragment="/orders/ord_…/card" data-on="order" data-only="ord_…">
//
// is loaded again when the order changes, unless it shows that version already
// (`data-order` and `data-version` inside it). A `data-board` is merged ticket
// by ticket instead, see counter.js. What ends by the clock, of which no event
// tells, is marked with its moment: `data-until`. What follows an event a moment
// later, as a notification does, is looked for again: `data-again-after="2 6"`.

import { find, findAll, load, replaceContent, say, serverNow } from "./dom.js";

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

/** Rises with each question and each answer: tells which was first. */
let steps = 0;

/** When a part got its last answer. @type {WeakMap<HTMLElement, number>} */
const answered = new WeakMap();

/** Parts being loaded; true: something changed meanwhile, so once more. @type {Map<HTMLElement, boolean>} */
const loading = new Map();

/** Says to the server that no hand caused it: nobody stays signed in at a shared device by it. */
const BY_ITSELF = { accept: "text/html", "everything-by-itself": "1" };

/** How boards take in what was loaded. @type {(board: HTMLElement, fresh: Element) => void} */
let mergeBoard = replaceContent;

/**
 * Lets the counter merge its tickets in its own way.
 * @param {(board: HTMLElement, fresh: Element) => void} merge
 */
export function mergeBoardsWith(merge) {
  mergeBoard = merge;
}

/** A question begins now; its answer is given to `put` with what this returns. */
export const ask = () => ++steps;

/**
 * Puts an answer into its place, unless the part got another after this one was
 * asked for: which of the two is newer nobody knows, so it is asked once more.
 * @param {HTMLElement} part
 * @param {Element} fresh
 * @param {number} asked
 */
export function put(part, fresh, asked) {
  if ((answered.get(part) ?? 0) > asked) {
    refresh(part);
    return;
  }
  answered.set(part, ++steps);
  const told = tells(part);
  if (part.dataset.board) mergeBoard(part, fresh);
  else replaceContent(part, fresh);
  const tell = tells(part);
  if (tell && tell !== told) say(tell);
}

/**
 * What a part has to say to who does not see it.
 * @param {HTMLElement} part
 */
const tells = (part) =>
  findAll("[data-tell]", part)
    .map((element) => element.textContent?.trim())
    .join(" ");

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
  const asked = ask();
  try {
    const { ok, html } = await load(part.dataset.board ?? part.dataset.fragment ?? "", { headers: BY_ITSELF });
    if (ok && part.isConnected) {
      const whole = part.hasAttribute("data-whole") ? html.body.firstElementChild : html.body;
      if (whole) put(part, whole, asked);
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
 * @param {number} asked when the form was sent
 */
export function takeFrom(page, asked) {
  for (const part of parts()) {
    const name = part.dataset.board ? "data-board" : "data-fragment";
    const fresh = find(`[${name}="${CSS.escape(part.getAttribute(name) ?? "")}"]`, page);
    if (fresh) put(part, fresh, asked);
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
    lookAgain(part);
  }
}

/** The looks that are still to come. @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>[]>} */
const looks = new WeakMap();

/**
 * Loads a part again after the seconds that it names, counted from the newest event.
 * @param {HTMLElement} part
 */
function lookAgain(part) {
  const seconds = part.dataset.againAfter?.split(" ").map(Number) ?? [];
  looks.get(part)?.forEach(clearTimeout);
  const later = () => part.isConnected && refresh(part);
  looks.set(part, seconds.map((count) => setTimeout(later, count * 1000)));
}

// ---- the clock ----

/** A moment is over for the server, too, when it is over by so many milliseconds. */
const MARGIN = 700;

/** Loads the parts again that show what has come to its end, also after a sleep. */
function watchClock() {
  /** @type {Set<HTMLElement>} */
  const over = new Set();
  for (const mark of findAll("[data-until]")) {
    if (serverNow() < Date.parse(mark.dataset.until ?? "") + MARGIN) continue;
    mark.removeAttribute("data-until");
    const part = mark.closest("[data-fragment], [data-board]");
    if (part instanceof HTMLElement) over.add(part);
  }
  over.forEach(refresh);
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
      say(sign.textContent);
    }, 1500);
  } else if (lost) {
    lost = false;
    sign.textContent = "Back online";
    sign.className = "connection back";
    say(sign.textContent);
    complaining = setTimeout(() => (sign.hidden = true), 2500);
  }
}

function connect() {
  clearTimeout(retrying);
  source?.close();
  // A page that does not know where the log was does not know what it missed, nor
  // does the browser where to resume.
  const blind = position === "";
  const url = blind ? "/v1/events" : `/v1/events?after=${encodeURIComponent(position)}`;
  const opened = new EventSource(url);
  source = opened;
  /** @param {MessageEvent} event */
  const seen = (event) => {
    if (event.lastEventId) position = event.lastEventId;
  };
  opened.addEventListener("open", () => {
    tries = 0;
    tell("live");
    if (blind) refreshAll();
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
      // If it is the session that is over, any part of a page leads to the sign-in.
      const part = parts()[0];
      load(part?.dataset.board ?? part?.dataset.fragment ?? "/menu/bar", { headers: BY_ITSELF }).catch(() => {});
    }
  });
}

/** Starts listening; a page of somebody who is signed in says so. */
export function listen() {
  if (document.body.dataset.position === undefined) return;
  connect();
  setInterval(watchClock, 1000);
  addEventListener("online", connect);
  addEventListener("offline", () => tell("lost"));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && source?.readyState !== EventSource.OPEN) connect();
  });
  // A page that comes out of the browser's memory shows the past.
  addEventListener("pageshow", (event) => event.persisted && refreshAll());
  addEventListener("pagehide", () => source?.close());
}
