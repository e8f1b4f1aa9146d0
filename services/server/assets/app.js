// Every page's script: live parts, forms without a page load, one tap per order.
// Without it all forms and links still work.

import { find, load, toast } from "./dom.js";
import { watchIdle } from "./idle.js";
import { ask, listen, takeFrom } from "./live.js";
import { watchDrink, watchSearch } from "./menu.js";
import { usePasskey, watchPasskeys } from "./passkeys.js";

document.documentElement.classList.add("live");

/**
 * Sends a form in the background and takes what its answer shows.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
async function send(form, button) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, button)) body.append(name, String(value));
  form.dataset.sending = "";
  button?.setAttribute("aria-busy", "true");
  const asked = ask();
  try {
    const { ok, html } = await load(form.action, { method: "POST", body });
    if (ok) {
      form.closest("details")?.removeAttribute("open");
      takeFrom(html, asked);
    } else {
      toast(find("[data-says]", html)?.textContent?.trim() || "That did not work.");
    }
  } catch {
    toast("No answer from the bar. Try again.");
  } finally {
    delete form.dataset.sending;
    button?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
  } else if (form.dataset.passkey) {
    event.preventDefault();
    usePasskey(form, event.submitter);
  } else if (form.hasAttribute("data-live")) {
    event.preventDefault();
    send(form, event.submitter);
  } else if (form.method === "post") {
    // A second tap would be harmless (the key is the same), but looks like two orders.
    form.dataset.sending = "";
    event.submitter?.setAttribute("aria-busy", "true");
  }
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    form.removeAttribute("data-sending");
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// A pop-up at the edge of what is seen comes into it.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target instanceof HTMLDetailsElement && event.target.open) find(".sheet", event.target)?.scrollIntoView({ block: "nearest" });
  },
  true,
);

// One open pop-up at a time; a tap elsewhere or Escape closes it.
document.addEventListener("click", (event) => {
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    if (event.target instanceof Node && !pop.contains(event.target)) pop.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = find("details.pop[open]");
  open?.removeAttribute("open");
  if (open) find("summary", open)?.focus();
});

watchSearch();
watchDrink();
watchPasskeys();
watchIdle();
listen();
