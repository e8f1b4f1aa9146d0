// A child orders within its limits; its guardian says yes on their phone.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, TABLET, close, complaints, live, person, picture } from "../browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

after(close);

/** @param {Page} page @param {string} words */
const heading = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

/** Ben's page about Dan. @param {Page} guardian */
async function openDan(guardian) {
  await guardian.goto("/me");
  await guardian.getByRole("link", { name: /^Children/ }).click();
  await guardian.getByRole("link", { name: /^Dan/ }).click();
  await heading(guardian, "Dan");
}

/** @param {Page} guardian @param {string} time */
async function noCaffeineAfter(guardian, time) {
  await openDan(guardian);
  await guardian.getByLabel("No caffeine after").fill(time);
  await guardian.getByRole("button", { name: "Save" }).first().click();
  await guardian.waitForURL(/\/children\/mem_/);
}

test("a limit is explained, asked about, and passed with one tap", async () => {
  const guardian = await person("Ben", PHONE, "/children");
  await noCaffeineAfter(guardian, "00:00");
  await picture(guardian, "60-child");
  await guardian.goto("/approvals");
  await live(guardian);
  await guardian.getByText("Nobody asks for anything").waitFor();

  const child = await person("Dan", PHONE, "/menu/espresso");
  await child.getByRole("button", { name: /Order now/ }).click();
  const says = child.getByRole("alert").filter({ hasText: "only drinks without caffeine are allowed" });
  await says.waitFor();
  assert.match(await says.innerText(), /Possible is: espresso \(decaf\)/);
  await picture(child, "61-limited");
  await child.getByRole("button", { name: "Ask for it" }).click();
  await heading(child, "Waits for a yes");
  await live(child);
  await picture(child, "62-asked");

  await guardian.getByRole("link", { name: "Dan asks for Espresso" }).waitFor();
  await picture(guardian, "63-approvals");
  await guardian.getByRole("button", { name: "Yes, this once" }).click();
  await guardian.getByText("Nobody asks for anything").waitFor();
  await heading(child, "In the queue");
  await child.getByText("Cancel this order").click();
  await child.getByRole("button", { name: "Yes, cancel it" }).click();
  await heading(child, "Cancelled");

  // No is an answer, too, and a reason is read.
  await child.goto("/menu/espresso");
  await child.getByRole("button", { name: /Order now/ }).click();
  await child.getByRole("button", { name: "Ask for it" }).click();
  await heading(child, "Waits for a yes");
  await guardian.getByLabel("Why not").fill("Dinner is soon");
  await guardian.getByRole("button", { name: "No", exact: true }).click();
  await child.getByText("“Dinner is soon”", { exact: true }).waitFor();
  await picture(child, "64-refused");

  await noCaffeineAfter(guardian, "");
  await child.context().close();
  await guardian.context().close();
});

test("what must not be in a cup is not offered, and the counter is warned", async () => {
  const guardian = await person("Ben", PHONE, "/children");
  await openDan(guardian);
  await guardian.getByRole("checkbox", { name: "milk" }).check();
  await guardian.getByRole("button", { name: "Save" }).last().click();
  await guardian.waitForURL(/\/children\/mem_/);
  await guardian.goto("/counter");

  const child = await person("Dan", PHONE, "/menu/flat-white?for=");
  await child.locator('input[name="milk"][value="whole"]').waitFor({ state: "detached" });
  await child.getByRole("radio", { name: /Oat milk/ }).check();
  await child.getByRole("button", { name: /Order now/ }).click();
  await child.waitForURL(/\/orders\/ord_/);
  const number = (await child.locator(".hero .number").innerText()).replace(/\D/g, "");

  const counter = await person("Ben", TABLET, "/counter");
  const ticket = counter.locator(`.ticket[data-number="${number}"]`);
  await ticket.getByText("Dan: no milk").waitFor();
  assert.equal(await ticket.getByRole("button", { name: "Accept" }).count(), 0);
  await picture(counter, "65-warned");
  await ticket.getByRole("button", { name: "I have read it" }).click();
  await ticket.getByText("Ben has read the warnings").waitFor();
  await ticket.getByRole("button", { name: "Accept" }).click();
  await ticket.getByRole("button", { name: "Ready" }).click();
  await ticket.getByRole("button", { name: "Picked up" }).click();
  await ticket.waitFor({ state: "detached" });

  await openDan(guardian);
  await guardian.getByRole("checkbox", { name: "milk" }).uncheck();
  await guardian.getByRole("button", { name: "Save" }).last().click();
  await guardian.waitForURL(/\/children\/mem_/);
  for (const page of [guardian, child, counter]) await page.context().close();
  assert.deepEqual(complaints, []);
});
