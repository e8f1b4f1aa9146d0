// What the tests share: one Chromium, people with their own browsers, pictures.

import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").BrowserContext} BrowserContext */
/** @typedef {import("playwright-core").BrowserContextOptions} Options */

export const URL_OF_PAGES = process.env.EVERYTHING_E2E_URL ?? "";
const LINKS = process.env.EVERYTHING_E2E_LINKS ?? "";
if (!URL_OF_PAGES || !LINKS) throw new Error("run `npm test`: it says where the pages are");

/** @type {{name: string, roles: string, url: string}[]} */
const links = JSON.parse(readFileSync(LINKS, "utf8"));

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const TABLET = { viewport: { width: 1180, height: 820 }, hasTouch: true };

/** How long anything live may take, in milliseconds. */
export const SOON = 10000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** What pages complained about: script errors and what the security policy refused. @type {string[]} */
export const complaints = [];

/**
 * A browser of its own, with nobody signed in.
 * @param {Options} options
 */
export async function visitor(options) {
  const context = await browser.newContext({ locale: "en-GB", baseURL: URL_OF_PAGES, ...options });
  context.setDefaultTimeout(SOON);
  context.on("page", (page) => {
    page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
    page.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|Refused to|Uncaught/.test(text)) complaints.push(`${page.url()}: ${text}`);
    });
  });
  return context;
}

/** @param {string} name */
export function linkOf(name) {
  const link = links.find((candidate) => candidate.name === name);
  if (!link) throw new Error(`no link for ${name}`);
  return link.url;
}

/** Sign-ins, by name: a link works once. @type {Map<string, Promise<Awaited<ReturnType<BrowserContext["storageState"]>>>>} */
const signedIn = new Map();

/**
 * A link works once, and each file of tests is a process of its own: the cookies
 * are kept beside the links.
 * @param {string} name
 */
async function signIn(name) {
  const kept = `${LINKS}.${name}`;
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8"));
  const context = await visitor(PHONE);
  const page = await context.newPage();
  await page.goto(linkOf(name));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("/");
  const state = await context.storageState({ path: kept });
  await context.close();
  return state;
}

/**
 * A page of somebody who is signed in.
 * @param {string} name
 * @param {Options} options
 * @param {string} [path]
 */
export async function person(name, options, path = "/") {
  const known = signedIn.get(name) ?? signIn(name);
  signedIn.set(name, known);
  const context = await visitor({ ...options, storageState: await known });
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

/**
 * Waits until the page's live connection is there.
 * @param {Page} page
 */
export async function live(page) {
  await page.locator('html[data-connection="live"]').waitFor({ state: "attached" });
}

/**
 * A picture for somebody to look at.
 * @param {Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  await page.screenshot({ path: `screenshots/${name}.png`, animations: "disabled" });
}

/** Ends the browser. */
export const close = () => browser.close();
