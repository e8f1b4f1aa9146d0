// Passkeys, with the devices that Chromium has for tests.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PHONE, close, complaints, person, picture, visitor } from "../browser.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").CDPSession} CDPSession */

after(close);

/**
 * Gives a page's browser a phone's own passkey manager.
 * @param {Page} page
 */
async function device(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}

/** @typedef {Awaited<ReturnType<typeof device>>} Device */

/**
 * The passkeys that a device has.
 * @param {Device} device
 */
const passkeys = async ({ cdp, authenticatorId }) => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

/**
 * Brings the passkeys of one device onto another, as a phone's maker does.
 * @param {Device} from
 * @param {Device} to
 */
async function copy(from, to) {
  for (const credential of await passkeys(from)) {
    await to.cdp.send("WebAuthn.addCredential", { authenticatorId: to.authenticatorId, credential });
  }
}

/**
 * Makes a passkey for somebody who is signed in.
 * @param {string} name
 * @param {string} label
 */
async function register(name, label) {
  const page = await person(name, PHONE, "/me");
  const own = await device(page);
  await page.getByLabel("Name of the new one").fill(label);
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.locator("#passkeys .list").getByText(label).waitFor();
  assert.equal((await passkeys(own)).length, 1);
  return { page, own };
}

/** @param {Page} page */
const useOne = (page) => page.getByRole("button", { name: "Sign in with a passkey" }).click();

/** @param {Page} page */
async function whoIsIn(page) {
  await page.waitForURL("/");
  await page.goto("/me");
  return page.getByRole("heading", { level: 1 }).innerText();
}

/**
 * A browser in which nobody is signed in, at the page that signs in.
 */
async function stranger() {
  const context = await visitor(PHONE);
  const page = await context.newPage();
  const own = await device(page);
  await page.goto("/sign-in");
  return { page, own };
}

test("a passkey is made, signs in on a browser that nobody is signed in on, and is removed", async () => {
  const { page: phone, own } = await register("Dan", "Dan’s phone");
  await phone.locator("#passkeys").scrollIntoViewIfNeeded();
  await picture(phone, "a0-passkeys");

  // The same device makes no second one for the same person.
  await phone.getByRole("button", { name: "Make a passkey" }).click();
  await phone.getByText("This device has a passkey of yours already.").waitFor();
  await picture(phone, "a1-passkey-already");

  const { page: other, own: copied } = await stranger();
  await picture(other, "a2-sign-in-with-passkey");
  await copy(own, copied);
  await useOne(other);
  assert.equal(await whoIsIn(other), "Dan");
  await other.locator("#passkeys .list").getByText(/^Used /).waitFor();

  await phone.getByRole("button", { name: "Remove the passkey Dan’s phone" }).click();
  await phone.getByText("No passkeys yet.").waitFor();

  await other.context().clearCookies();
  await other.goto("/sign-in");
  await useOne(other);
  await other.getByText("This passkey is not known here, or not any more.").waitFor();
  await picture(other, "a3-passkey-unknown");
  await phone.context().close();
  await other.context().close();
});

test("one device with the passkeys of two people signs in as either", async () => {
  const dan = await register("Dan", "Kitchen, Dan");
  const cleo = await register("Cleo", "Kitchen, Cleo");
  const { page, own } = await stranger();
  await copy(dan.own, own);
  await copy(cleo.own, own);
  assert.equal((await passkeys(own)).length, 2);
  // A person chooses in the device's own list; here one account after the other is the only one left.
  await useOne(page);
  const first = await whoIsIn(page);
  assert.ok(["Dan", "Cleo"].includes(first), first);
  const ids = new Map([
    ["Dan", (await passkeys(dan.own))[0]?.credentialId ?? ""],
    ["Cleo", (await passkeys(cleo.own))[0]?.credentialId ?? ""],
  ]);
  await own.cdp.send("WebAuthn.removeCredential", { authenticatorId: own.authenticatorId, credentialId: ids.get(first) ?? "" });
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await useOne(page);
  assert.equal(await whoIsIn(page), first === "Dan" ? "Cleo" : "Dan");
  for (const { page: phone } of [dan, cleo]) {
    await phone.reload();
    await phone.getByRole("button", { name: /^Remove the passkey Kitchen/ }).click();
    await phone.getByText("No passkeys yet.").waitFor();
    await phone.context().close();
  }
  await page.context().close();
});

test("who cancels, or has no passkey, is told that nothing has changed", async () => {
  const { page } = await stranger();
  // The device has no passkey: as for somebody who closes their phone's question.
  await useOne(page);
  await page.getByText("Cancelled, or the time was over. Nothing has changed.").waitFor();
  await picture(page, "a4-passkey-cancelled");
  await page.context().close();
});

test("under another name, or without script, the page says why there are no passkeys", async () => {
  const url = new URL(process.env.EVERYTHING_E2E_URL ?? "");
  const context = await visitor({ ...PHONE, baseURL: `http://127.0.0.1:${url.port}` });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByText("not under the name by which you came here").waitFor();
  assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
  await page.getByRole("link", { name: url.origin }).click();
  await page.waitForURL(`${url.origin}/sign-in`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  await context.close();
  const plain = await visitor({ ...PHONE, javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto("/sign-in");
  assert.equal(await still.locator("noscript p").innerText(), "Passkeys need JavaScript.");
  assert.equal(await still.getByRole("button", { name: "Sign in with a passkey" }).isVisible(), false);
  await plain.close();
});

test("no page complained", () => {
  assert.deepEqual(complaints, []);
});
