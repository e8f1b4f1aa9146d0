// The keys of a shared device: with script a tap is heard at once, and only the
// last one is sent.

import { find, findAll } from "./dom.js";

const form = /** @type {HTMLFormElement | null} */ (find("form[data-pad]"));
const typed = /** @type {HTMLInputElement | null} */ (form && find('input[name="typed"]', form));
const dots = form && find("[data-dots]", form);
const hint = form && find(".hint, .notice", form);

/** Seconds after which the keys of somebody who went away are gone. */
const LEFT_ALONE = 60;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let alone;

if (form && typed && dots) {
  const most = Number(form.dataset.pad);
  const pictures = form.classList.contains("pictures");

  const show = () => {
    const count = pictures ? most : Math.max(4, typed.value.length);
    dots.replaceChildren(
      ...Array.from({ length: count }, (_, at) => {
        const dot = document.createElement("i");
        if (at < typed.value.length) dot.className = "full";
        return dot;
      }),
    );
  };
  const home = () => location.assign(form.dataset.home ?? "/");
  const wait = () => {
    clearTimeout(alone);
    alone = setTimeout(home, LEFT_ALONE * 1000);
  };

  /** @param {string} key */
  const tap = (key) => {
    wait();
    if (key === "back") typed.value = typed.value.slice(0, -1);
    else if (typed.value.length < most) typed.value += key;
    if (hint?.classList.contains("notice")) hint.textContent = "";
    show();
    if (pictures && typed.value.length === most) send();
  };
  const send = () => {
    const ok = /** @type {HTMLButtonElement | null} */ (find('.key[value="ok"]', form));
    if (ok) {
      form.requestSubmit(ok);
      return;
    }
    // The server counts pictures itself: it is given three and the fourth.
    const last = find(`.key[value="${typed.value.slice(-1)}"]`, form);
    typed.value = typed.value.slice(0, -1);
    if (last instanceof HTMLButtonElement) form.requestSubmit(last);
  };

  let sending = false;
  form.addEventListener("click", (event) => {
    const key = event.target instanceof Element ? event.target.closest("button.key") : null;
    if (!(key instanceof HTMLButtonElement) || key.value === "ok" || sending) return;
    event.preventDefault();
    tap(key.value);
  });
  form.addEventListener("submit", () => (sending = true));
  addEventListener("pageshow", (event) => event.persisted && home());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const known = findAll(".key", form).some((key) => key.getAttribute("value") === event.key && !key.hasAttribute("disabled"));
    if (known) tap(event.key);
    else if (event.key === "Backspace") tap("back");
    else if (event.key === "Enter" && typed.value && document.activeElement === document.body) send();
  });
  wait();
  show();
}
