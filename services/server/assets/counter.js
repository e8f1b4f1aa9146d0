// The counter: tickets come, move and go without disturbing the rest of the
// board; a new one is noticed without a sound; ages grow by themselves.

import { find, findAll, replaceContent, say, serverNow } from "./dom.js";
import { mergeBoardsWith } from "./live.js";

const title = document.title;

/**
 * Merges a freshly loaded board into the one on the screen: a ticket that is
 * there in the same version stays the same element, open pop-ups included.
 * @param {HTMLElement} board
 * @param {Element} fresh
 */
function merge(board, fresh) {
  /** @type {Map<string, HTMLElement>} */
  const known = new Map();
  for (const ticket of findAll("[data-order]", board)) known.set(ticket.dataset.order ?? "", ticket);
  /** @type {HTMLElement[]} */
  const arrived = [];
  for (const ticket of findAll("[data-order]", fresh)) {
    const old = known.get(ticket.dataset.order ?? "");
    if (old && old.dataset.version === ticket.dataset.version) {
      ticket.replaceWith(old);
    } else if (!old && ticket.closest('[data-column="new"]')) {
      arrived.push(ticket);
    }
  }
  const scrolled = findAll(".tickets", board).map((column) => column.scrollTop);
  replaceContent(board, fresh);
  findAll(".tickets", board).forEach((column, at) => (column.scrollTop = scrolled[at] ?? 0));
  if (arrived.length > 0) announce(arrived);
  tick();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let announcing;
/** Ids of the orders that the sign names. @type {string[]} */
let announced = [];

/** @param {HTMLElement[]} arrived */
function announce(arrived) {
  for (const ticket of arrived) ticket.classList.add("is-new");
  const sign = find("#arrival");
  if (!sign) return;
  const names = arrived.map((ticket) => `#${ticket.dataset.number} for ${ticket.dataset.by}`);
  sign.textContent = `New: ${names.join(", ")}`;
  sign.hidden = false;
  say(sign.textContent);
  announced = arrived.map((ticket) => ticket.dataset.order ?? "");
  clearTimeout(announcing);
  announcing = setTimeout(() => (sign.hidden = true), 8000);
}

/** Ages in minutes, and how many wait, in the window's title. */
function tick() {
  for (const age of findAll("time[data-age]")) {
    const since = Date.parse(age.getAttribute("datetime") ?? "");
    const minutes = Math.max(0, Math.floor((serverNow() - since) / 60000));
    age.textContent =
      minutes === 0 ? "just now" : minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
    age.className = `age${minutes >= 8 ? " hot" : minutes >= 4 ? " warm" : ""}`;
  }
  const news = findAll('[data-column="new"] [data-order]');
  const sign = find("#arrival");
  // Somebody took care of all that the sign names: it may go.
  if (sign && !news.some((ticket) => announced.includes(ticket.dataset.order ?? ""))) sign.hidden = true;
  const waiting = news.length;
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}

mergeBoardsWith(merge);
tick();
setInterval(tick, 10000);
