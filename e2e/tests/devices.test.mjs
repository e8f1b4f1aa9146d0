// Shared devices: a counter's tablet, a display and a kiosk are paired from a
// phone, baristas switch by PIN, a child orders with pictures.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { faint, tooSmall } from "../checks.mjs";
import { PHONE, TABLET, close, complaints, live, person, picture, visitor } from "../browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

after(close);

const DISPLAY = { viewport: { width: 1280, height: 720 } };

/**
 * @param {Page} page
 * @param {string} words
 */
const heading = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

/**
 * Sets somebody's PIN on their own phone.
 * @param {string} name
 * @param {string} pin
 */
async function setPin(name, pin) {
  const phone = await person(name, PHONE, "/me");
  await phone.getByText("PIN for the counter’s tablet").click();
  await phone.getByLabel("New PIN").fill("1234");
  await phone.getByLabel("Once more").fill("1234");
  await phone.getByRole("button", { name: "Save the PIN" }).click();
  await phone.getByText("among the first that anybody tries").waitFor();
  await picture(phone, `d0-pin-${name}`);
  await phone.getByLabel("New PIN").fill(pin);
  await phone.getByLabel("Once more").fill(pin);
  await phone.getByRole("button", { name: "Save the PIN" }).click();
  await phone.getByText("PIN for the counter’s tablet").click();
  await phone.getByText(/ Set \d/).waitFor();
  await phone.context().close();
}

/**
 * A device of this kind, paired by Ada on her phone.
 * @param {import("../browser.mjs").Options} options
 * @param {string} name
 * @param {RegExp} kind
 * @param {string} home
 */
async function pair(options, name, kind, home) {
  const context = await visitor(options);
  const device = await context.newPage();
  await device.goto("/pair");
  await picture(device, `d1-pair-${name}`);
  await device.getByRole("button", { name: "Pair this device" }).click();
  const code = await device.locator("p.code").innerText();
  await picture(device, `d2-code-${name}`);
  const phone = await person("Ada", PHONE, "/family/devices");
  await phone.getByLabel("Code").fill("bbbb-bbbb");
  await phone.getByRole("button", { name: "Next" }).click();
  await phone.getByText("No device shows this code").waitFor();
  await phone.getByLabel("Code").fill(code.toLowerCase().replace("-", ""));
  await phone.getByRole("button", { name: "Next" }).click();
  await phone.getByText(code).waitFor();
  await picture(phone, `d3-approve-${name}`);
  await phone.getByLabel("What is it called?").fill(name);
  await phone.getByRole("radio", { name: kind }).check();
  await phone.getByRole("button", { name: "Pair it" }).click();
  await phone.locator("li", { hasText: name }).waitFor();
  await picture(phone, `d4-devices-${name}`);
  await phone.context().close();
  await device.waitForURL(home);
  return device;
}

/**
 * @param {Page} tablet
 * @param {string} name
 * @param {string} pin
 */
async function say(tablet, name, pin) {
  await tablet.getByRole("link", { name }).click();
  for (const digit of pin) await tablet.getByRole("button", { name: digit, exact: true }).click();
  await tablet.getByRole("button", { name: "OK" }).click();
}

/**
 * @param {Page} phone
 * @param {string} slug
 */
async function orderOne(phone, slug) {
  await phone.goto(`/menu/${slug}`);
  await phone.getByRole("button", { name: /Order now/ }).click();
  await phone.waitForURL(/\/orders\/ord_/);
  return (await phone.locator(".hero .number").innerText()).replace(/\D/g, "");
}

/**
 * Fingers, eyes and edges.
 * @param {Page} page
 * @param {string} what
 */
async function check(page, what) {
  assert.deepEqual(await page.evaluate(tooSmall), [], what);
  assert.deepEqual(await page.evaluate(faint), [], what);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${what} scrolls sideways`);
}

test("a tablet is paired, baristas switch by PIN, and an order carries the name", async () => {
  await setPin("Ben", "7310");
  await setPin("Ada", "902741");
  const tablet = await pair(TABLET, "Kitchen counter", /Counter/, "/who");
  await live(tablet);
  await check(tablet, "/who");
  const phone = await person("Cleo", PHONE);
  const number = await orderOne(phone, "espresso");
  const ticket = tablet.locator(`.ticket[data-number="${number}"]`);
  // Locked, it shows what there is to make, and lets nobody do it.
  await ticket.waitFor();
  assert.equal(await ticket.getByRole("button").count(), 0);
  await picture(tablet, "d5-who");

  await tablet.getByRole("link", { name: "Ben" }).click();
  await check(tablet, "the keys");
  await picture(tablet, "d6-keys");
  await tablet.goBack();
  await say(tablet, "Ben", "7310");
  await tablet.waitForURL("/counter");
  await live(tablet);
  await check(tablet, "/counter at the tablet");
  await ticket.getByRole("button", { name: "Accept" }).click();
  await heading(phone, "Ben is making it");
  await picture(tablet, "d7-counter");
  assert.equal((await tablet.goto("/me"))?.status(), 403, "nothing of Ben's own");
  await tablet.goto("/counter");

  await tablet.getByRole("button", { name: "Ben: switch to somebody else" }).click();
  await tablet.waitForURL("/who");
  assert.match((await tablet.goto("/counter"))?.url() ?? "", /\/who$/);
  await say(tablet, "Ada", "902741");
  await tablet.waitForURL("/counter");
  await ticket.getByRole("button", { name: "Ready" }).click();
  await heading(phone, "Ready for you");
  await ticket.getByRole("button", { name: "Picked up" }).click();
  await heading(phone, "Enjoy!");

  // An order for somebody who stands there.
  await tablet.getByRole("link", { name: "Take an order" }).click();
  await heading(tablet, "What shall it be?");
  await picture(tablet, "d8-take-an-order");
  await tablet.goto("/menu/espresso");
  await tablet.getByRole("radio", { name: "A guest" }).check();
  await tablet.locator("#guest").fill("Leo");
  await tablet.getByRole("button", { name: /Order now/ }).click();
  await tablet.waitForURL(/\/orders\/ord_/);
  await tablet.getByRole("link", { name: "Counter" }).click();
  const taken = tablet.locator(".ticket", { hasText: "Leo" });
  await taken.getByText("Ada").first().waitFor();
  await taken.locator(".pop > summary").click();
  await taken.getByRole("button", { name: "closing" }).click();
  await taken.waitFor({ state: "detached" });
  await tablet.getByRole("button", { name: /switch to somebody else/ }).click();

  // Ada unpairs it: it says so by itself, and offers to be paired again.
  await tablet.waitForURL("/who");
  await live(tablet);
  const admin = await person("Ada", PHONE, "/family/devices");
  await admin.getByRole("button", { name: "Unpair Kitchen counter" }).click();
  await admin.locator("li", { hasText: "Kitchen counter" }).waitFor({ state: "detached" });
  await tablet.waitForURL("/pair");
  await heading(tablet, "This device was unpaired");
  await picture(tablet, "d9-unpaired");
  await admin.context().close();
  await phone.context().close();
  await tablet.context().close();
});

test("five wrong PINs, and one waits; without script too", async () => {
  const paired = await pair(TABLET, "Second counter", /Counter/, "/who");
  const state = await paired.context().storageState();
  await paired.context().close();
  const context = await visitor({ ...TABLET, javaScriptEnabled: false, storageState: state });
  const tablet = await context.newPage();
  await tablet.goto("/who");
  for (let tries = 0; tries < 4; tries += 1) {
    await say(tablet, "Ben", "0731");
    await tablet.getByRole("alert").getByText("That was not it.").waitFor();
    await tablet.getByRole("link", { name: "Somebody else" }).click();
  }
  await picture(tablet, "d10-after-four");
  await say(tablet, "Ben", "0731");
  await tablet.getByRole("alert").getByText("Please wait 30 seconds.").waitFor();
  assert.equal(await tablet.getByRole("button", { name: "OK" }).isDisabled(), true);
  await picture(tablet, "d11-wait");
  await tablet.getByRole("link", { name: "Somebody else" }).click();
  // The right one does not help now; somebody else is not kept waiting.
  await say(tablet, "Ben", "7310");
  await tablet.getByRole("alert").getByText(/Please wait \d+ seconds/).waitFor();
  await tablet.getByRole("link", { name: "Somebody else" }).click();
  await say(tablet, "Ada", "902741");
  await tablet.waitForURL("/counter");
  await context.close();
});

test("a child orders at the kiosk with four pictures, and the display calls the number", async () => {
  const admin = await person("Ada", PHONE, "/family");
  await admin.getByRole("link", { name: /Dan/ }).click();
  await admin.getByText("Picture PIN for the kitchen’s tablet").click();
  for (const [place, value] of /** @type {const} */ ([["First", "1"], ["Second", "5"], ["Third", "9"], ["Fourth", "3"]])) {
    await admin.getByLabel(place).selectOption(value);
  }
  await picture(admin, "d12-picture-pin");
  await admin.getByRole("button", { name: "Save the PIN" }).click();
  await admin.waitForURL(/\/family\/mem_/);
  await admin.context().close();

  const display = await pair(DISPLAY, "The wall", /Display/, "/display");
  await live(display);
  const kiosk = await pair(TABLET, "Kitchen kiosk", /Kiosk/, "/kiosk");
  await check(kiosk, "/kiosk");
  await picture(kiosk, "d13-kiosk");
  await kiosk.getByRole("link", { name: "Dan" }).click();
  await check(kiosk, "the pictures");
  await picture(kiosk, "d14-pictures");
  for (const name of ["cat", "car", "butterfly", "flower"]) await kiosk.getByRole("button", { name }).click();
  await kiosk.waitForURL("/");
  await check(kiosk, "the kiosk's menu");
  await picture(kiosk, "d15-kiosk-menu");
  assert.equal(await kiosk.getByRole("link", { name: "News" }).count(), 0);
  await kiosk.getByRole("link", { name: /Hot chocolate|Cocoa|Kakao/i }).first().click();
  await check(kiosk, "a drink at the kiosk");
  await picture(kiosk, "d16-kiosk-drink");
  await kiosk.getByRole("button", { name: /I would like this/ }).click();
  await heading(kiosk, "Thank you!");
  const number = (await kiosk.locator(".number").innerText()).replace(/\D/g, "");
  await picture(kiosk, "d17-thank-you");
  const shown = display.locator(".shown li", { hasText: "Dan" });
  await shown.locator("b", { hasText: number }).waitFor();
  // It goes back by itself, and Dan is not there any more.
  await kiosk.waitForURL("/kiosk", { timeout: 15000 });
  assert.match((await kiosk.goto("/"))?.url() ?? "", /\/kiosk$/);

  const counter = await person("Ben", TABLET, "/counter");
  const ticket = counter.locator(`.ticket[data-number="${number}"]`);
  await ticket.getByRole("button", { name: "Accept" }).click();
  await display.locator(".shown.making li", { hasText: "Dan" }).waitFor();
  await ticket.getByRole("button", { name: "Ready" }).click();
  await display.locator(".shown.ready li", { hasText: "Dan" }).waitFor();
  await check(display, "/display");
  await picture(display, "d18-display");
  await ticket.getByRole("button", { name: "Picked up" }).click();
  await display.locator(".shown li", { hasText: "Dan" }).waitFor({ state: "detached" });
  await counter.context().close();
  await kiosk.context().close();
  await display.context().close();
});

test("no page of a shared device complained", () => {
  assert.deepEqual(complaints, []);
});
