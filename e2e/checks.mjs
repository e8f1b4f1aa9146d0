// What holds on every page, whoever looks at it; these run in the page.

/**
 * What can be tapped and is smaller than a finger.
 * @returns {string[]}
 */
export function tooSmall() {
  return [...document.querySelectorAll("button, summary, a[href]:not(.skip), .pick, .input")]
    .map((element) => ({ box: element.getBoundingClientRect(), text: element.outerHTML.slice(0, 80), inline: getComputedStyle(element).display === "inline" }))
    .filter(({ box, inline }) => !inline && box.width > 0 && (box.height < 43.5 || box.width < 43.5))
    .map(({ box, text }) => `${Math.round(box.width)}×${Math.round(box.height)} ${text}`);
}

/**
 * Runs in the page: texts whose contrast with what is behind them is under 4.5,
 * or under 3 where they are large.
 * @returns {string[]}
 */
export function faint() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!canvas) return ["no canvas"];
  /** Paints colours over each other as the page does. @param {string[]} layers */
  const luminance = (layers) => {
    canvas.fillStyle = "#fff";
    canvas.fillRect(0, 0, 1, 1);
    for (const colour of layers) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? "";
    if (!element || !/[\p{L}\p{N}]/u.test(text) || !element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("script, .sr, .skip, svg, :disabled, .pick:has(:disabled)")) continue;
    /** @type {string[]} */
    const ground = [];
    for (let behind = /** @type {Element | null} */ (element); behind; behind = behind.parentElement) {
      ground.unshift(getComputedStyle(behind).backgroundColor);
    }
    const style = getComputedStyle(element);
    const [one, two] = [luminance(ground), luminance([...ground, style.color])];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) found.add(`${contrast.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return [...found];
}
