// A visitor orders from a phone of their own for an evening, and is gone when the
// host says so.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { faint, tooSmall } from "../checks.mjs";
import { PHONE, TABLET, close, complaints, person, picture, visitor } from "../browser.mjs";

/** A name in several scripts, with markup and a family in one sign. */
const NAME = "Léo ليو 家 <b>👩‍👩‍👧</b>";

/** @typedef {import("playwright-core").Page} Page */

after(close);

/**
 * @param {Page} page
 * @param {string | RegExp} words
 */
const heading = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

/**
 * @param {Page} page
 * @param {string} what
 */
async function check(page, what) {
  assert.deepEqual(await page.evaluate(tooSmall), [], what);
  assert.deepEqual(await page.evaluate(faint), [], what);
}

test("a visitor comes in by a QR code, orders on the host, and is gone when it is over", async () => {
  const host = await person("Ada", PHONE, "/me");
  await host.getByRole("link", { name: "Guests" }).click();
  await heading(host, "Guests");
  await check(host, "no guests yet");
  await picture(host, "110-guests-none");
  await host.getByRole("button", { name: /Invite guests/ }).click();
  await host.getByText("No camera at hand?").click();
  const link = await host.locator(".secret").innerText();
  assert.match(link, /\/guest\/[\w-]{20,}$/);
  await check(host, "the pass");
  await picture(host, "111-guest-pass");

  const context = await visitor(PHONE);
  const phone = await context.newPage();
  await phone.goto(link);
  await check(phone, "at the door");
  await picture(phone, "112-guest-door");
  await phone.getByLabel("What do we call you?").fill(NAME);
  await phone.getByRole("button", { name: "See the menu" }).click();
  await phone.waitForURL("/");
  await check(phone, "a guest's menu");
  await picture(phone, "113-guest-menu");
  await phone.goto("/menu/espresso");
  assert.equal(await phone.getByText("For whom?").count(), 0);
  await check(phone, "a guest's drink");
  await picture(phone, "114-guest-drink");
  await phone.getByRole("button", { name: /Order now/ }).click();
  await phone.waitForURL(/\/orders\/ord_/);
  await check(phone, "a guest's order");
  await picture(phone, "115-guest-order");

  const counter = await person("Ben", TABLET, "/counter");
  const ticket = counter.locator(".ticket", { hasText: NAME });
  await ticket.waitFor();
  await picture(counter, "116-guest-ticket");
  await host.goto("/guests");
  await host.getByText(NAME).first().waitFor();
  await picture(host, "117-guests");
  await check(host, "who is there");
  await host.getByText("End it …").click();
  await host.getByRole("button", { name: "Yes, end it" }).click();
  await heading(host, "Guests");
  await host.getByRole("heading", { name: "Visitors?" }).waitFor();
  // Everywhere within 5 s.
  const end = Date.now() + 5000;
  while (!/\/sign-in$/.test(phone.url())) {
    assert.ok(Date.now() < end, "the guest is still there");
    await phone.goto("/");
  }
  await phone.goto(link);
  await phone.getByLabel("What do we call you?").fill("Leo");
  await phone.getByRole("button", { name: "See the menu" }).click();
  await heading(phone, "This code is over");
  await picture(phone, "118-guest-over");
  for (const page of [host, phone, counter]) await page.context().close();
});

test("nothing complained", () => assert.deepEqual(complaints, []));
