// Joining: a grandmother types six digits into her own phone, a lost phone is signed
// out by the new one, a link that was taken back opens nothing.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, close, complaints, person, picture, visitor } from "../browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

after(close);

/**
 * @param {Page} page
 * @param {string} words
 */
const heading = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

/** The code that a page shows, with its space. @param {Page} page */
const shownCode = (page) => page.locator(".code").innerText();

/**
 * Somebody's own browser, at the page where a code is typed.
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
async function atTheDoor(options = PHONE) {
  const context = await visitor(options);
  const phone = await context.newPage();
  await phone.goto("/");
  await phone.waitForURL(/\/sign-in$/);
  await phone.getByRole("link", { name: "I have a code" }).click();
  await heading(phone, "Your code");
  return phone;
}

/**
 * @param {Page} phone
 * @param {string} code
 */
async function type(phone, code) {
  await phone.getByLabel(/Six digits/).fill(code);
  await phone.getByRole("button", { name: "Join" }).click();
}

/** Another code than this one. @param {string} code */
const otherThan = (code) => String((Number(code.replace(/\D/g, "")) + 1) % 1_000_000).padStart(6, "0");

test("a grandmother is invited, types six digits in a browser of her own, and is in", async () => {
  const admin = await person("Ada", PHONE, "/family");
  await admin.locator("summary").getByText("Invite somebody").click();
  await admin.getByLabel("Name").fill("Oma");
  await admin.getByLabel("Face").fill("👵");
  await admin.getByRole("button", { name: "Make an invitation" }).click();
  await heading(admin, "For Oma");
  const code = await shownCode(admin);
  assert.match(code, /^\d{3} \d{3}$/);
  await picture(admin, "100-invitation");
  await admin.goto("/family");
  await admin.getByRole("heading", { name: "Invited, not here yet" }).waitFor();
  await picture(admin, "101-family");

  // Without script, as everything here works.
  const phone = await atTheDoor({ ...PHONE, javaScriptEnabled: false });
  await picture(phone, "102-join");
  await type(phone, otherThan(code));
  await phone.getByRole("alert").getByText("This code opens nothing").waitFor();
  assert.equal(await phone.locator("#code").inputValue(), "", "a wrong code is typed anew");
  await picture(phone, "103-join-refused");
  await type(phone, code);
  await phone.waitForURL("/");
  await phone.goto("/me");
  await heading(phone, "Oma");

  const late = await atTheDoor();
  await type(late, code);
  await late.getByRole("alert").getByText("This code was used already").waitFor();
  await admin.goto("/family");
  await admin.getByRole("button", { name: "New invitation for Oma" }).waitFor({ state: "detached" });
  for (const page of [phone, late, admin]) await page.context().close();
});

test("a new phone takes the lost one's place", async () => {
  const admin = await person("Ada", PHONE, "/family");
  await admin.getByRole("link", { name: "Oma", exact: false }).first().click();
  await heading(admin, "Oma");
  await admin.getByRole("button", { name: "Sign in a phone for Oma" }).click();
  const lost = await atTheDoor();
  await type(lost, await shownCode(admin));
  await lost.waitForURL("/");

  await admin.goBack();
  await admin.getByRole("checkbox", { name: /The old phone is gone/ }).check();
  await admin.getByRole("button", { name: "Sign in a phone for Oma" }).click();
  const found = await atTheDoor();
  await type(found, await shownCode(admin));
  await found.waitForURL("/");
  // Everywhere within 5 s.
  const end = Date.now() + 5000;
  while (!/\/sign-in$/.test(lost.url())) {
    assert.ok(Date.now() < end, "the lost phone is still signed in");
    await lost.goto("/me");
  }
  await found.goto("/me");
  await heading(found, "Oma");
  for (const page of [lost, found, admin]) await page.context().close();
});

test("what is taken back opens nothing", async () => {
  const me = await person("Dan", PHONE, "/me");
  await me.getByRole("button", { name: "Add another device" }).click();
  await heading(me, "Another device");
  const code = await shownCode(me);
  await me.goto("/me");
  await picture(me, "104-me-invitations");
  const takeBack = me.getByRole("button", { name: /Take back: Link and code/ });
  await takeBack.click();
  await takeBack.waitFor({ state: "detached" });
  const other = await atTheDoor();
  await type(other, code);
  await other.getByRole("alert").getByText("This code was taken back").waitFor();
  for (const page of [me, other]) await page.context().close();
});

test("a shortcut's token is shown once", async () => {
  const me = await person("Dan", PHONE, "/me/tokens");
  await me.getByLabel("What is it for?").fill("iPhone, my usual");
  await me.getByRole("button", { name: "Make a token" }).click();
  await me.getByText(/^evt_[\w-]{43}$/).waitFor();
  await picture(me, "105-token");
  await me.goto("/me/tokens");
  assert.equal(await me.getByText(/evt_/).count(), 0);
  await me.getByRole("button", { name: "Revoke iPhone, my usual" }).click();
  await me.getByRole("button", { name: /Revoke/ }).waitFor({ state: "detached" });
  await me.context().close();
});

test("no page complained: no script error, nothing that the security policy refused", () => {
  assert.deepEqual(complaints, []);
});
