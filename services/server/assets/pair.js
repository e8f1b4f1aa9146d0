// A device that waits to be paired asks now and then what became of it, as the
// page without script does by loading itself again.

import { find } from "./dom.js";

/** @param {number} seconds */
function ask(seconds) {
  setTimeout(async () => {
    try {
      const answer = await fetch("/pair", { credentials: "same-origin", headers: { accept: "text/html" }, signal: AbortSignal.timeout(10000) });
      if (answer.redirected) {
        location.replace(answer.url);
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const code = find("[data-pair]", page);
      // Refused or expired: the page says so, without the code.
      if (answer.ok && !code) {
        const fresh = find("main", page);
        if (fresh) find("main")?.replaceWith(fresh);
        return;
      }
      ask(Number(code?.dataset.pair ?? seconds));
    } catch {
      ask(seconds);
    }
  }, seconds * 1000);
}

const code = find("[data-pair]");
if (code) ask(Number(code.dataset.pair));
