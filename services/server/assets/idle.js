// A shared device locks itself: when nobody has touched it for the seconds that
// the page names (`data-idle`), whoever is signed in leaves. The server keeps
// time too, for pages without script; each touch now and then tells it so.

import { find, load } from "./dom.js";

/** Something that anybody who acts at a shared device may see. */
const LIGHT = "/menu/bar";

/** Watches over a page of a shared device; does nothing on somebody's own. */
export function watchIdle() {
  const seconds = Number(document.body.dataset.idle ?? 0);
  const leave = /** @type {HTMLFormElement | null} */ (find("form#leave"));
  if (!seconds || !leave) return;
  let touched = Date.now();
  let told = touched;
  let leaving = false;
  const touch = () => {
    touched = Date.now();
    if (touched - told < seconds * 200) return;
    told = touched;
    load(LIGHT).catch(() => {});
  };
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(kind, touch, { capture: true, passive: true });
  }
  setInterval(() => {
    if (leaving || Date.now() - touched < seconds * 1000 - 500) return;
    leaving = true;
    leave.requestSubmit();
  }, 1000);
}
