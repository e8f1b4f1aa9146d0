// The menu finds while one types; a drink's form tells its price as it is chosen.

import { find, findAll, load } from "./dom.js";
import { ask, put } from "./live.js";

/** Search as you type; the address keeps what was searched for. */
export function watchSearch() {
  const form = /** @type {HTMLFormElement | null} */ (find("form[data-search]"));
  const input = /** @type {HTMLInputElement | null} */ (find("#q"));
  const list = find("#menu");
  if (!form || !input || !list) return;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  let newest = 0;

  const search = async () => {
    clearTimeout(typing);
    const query = input.value.trim();
    const suffix = query ? `?q=${encodeURIComponent(query)}` : "";
    list.dataset.fragment = `/menu/list${suffix}`;
    const mine = ask();
    newest = mine;
    try {
      const { ok, html } = await load(list.dataset.fragment);
      if (!ok || mine !== newest) return;
      put(list, html.body, mine);
      history.replaceState(null, "", `/${suffix}`);
    } catch {
      // The connection's sign says so already.
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, 180);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    input.blur();
    search();
  });
  if (input.value) list.dataset.fragment = `/menu/list?q=${encodeURIComponent(input.value)}`;
}

/** Price and caffeine of what is chosen now; the guest's name only where it is asked for. */
export function watchDrink() {
  const form = find("form[data-drink]");
  if (!form) return;
  const tell = () => {
    let price = Number(form.dataset.price);
    let percent = 100;
    let added = 0;
    for (const input of findAll("input:checked", form)) {
      price += Number(input.dataset.price ?? 0);
      added += Number(input.dataset.mg ?? 0);
      percent = Number(input.dataset.percent ?? percent);
    }
    const total = find("[data-total] .beans", form);
    if (total?.firstChild) total.firstChild.nodeValue = String(price);
    const caffeine = Math.floor((Number(form.dataset.caffeine) * percent) / 100) + added;
    const tag = find("[data-caffeine-tag]", form);
    if (tag) tag.textContent = caffeine > 0 ? `${caffeine} mg caffeine` : "no caffeine";
  };
  form.addEventListener("change", (event) => {
    tell();
    if (!(event.target instanceof HTMLInputElement)) return;
    if (event.target.matches("[data-guest]")) find("#guest", form)?.focus();
    else if (event.target.name === "for") offerTo(/** @type {HTMLFormElement} */ (form));
  });
  tell();
}

/**
 * Others may not have all of it: the form comes again as it is offered to whom it is for
 * now, with what was chosen already.
 * @param {HTMLFormElement} form
 */
function offerTo(form) {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const kept = ["for", "size", "milk", "extras", "note"].includes(name);
    if (kept && typeof value === "string" && value) chosen.append(name, value);
  }
  location.replace(`${location.pathname}?${chosen}`);
}
