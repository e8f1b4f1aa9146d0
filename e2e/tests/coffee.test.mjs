// Coffee, as people get it: phones and the counter's tablet, at the same time.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { faint, tooSmall } from "../checks.mjs";
import { PHONE, TABLET, close, complaints, linkOf, live, person, picture, visitor } from "../browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

after(close);

/**
 * The ticket of an order on the counter.
 * @param {Page} counter
 * @param {string} number
 */
const ticket = (counter, number) => counter.locator(`.ticket[data-number="${number.replace("#", "")}"]`);

/**
 * @param {Page} counter
 * @param {string} column
 * @param {string} number
 */
const inColumn = (counter, column, number) =>
  counter.locator(`[data-column="${column}"] .ticket[data-number="${number.replace("#", "")}"]`).waitFor();

/** @param {Page} phone */
async function numberOf(phone) {
  await phone.waitForURL(/\/orders\/ord_/);
  return (await phone.locator(".hero .number").innerText()).replace(/\D/g, "");
}

/**
 * @param {Page} page
 * @param {string} words
 */
const heading = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

/**
 * Orders one drink as it comes.
 * @param {Page} phone
 * @param {string} slug
 */
async function orderOne(phone, slug) {
  await phone.goto(`/menu/${slug}`);
  await phone.getByRole("button", { name: /Order now/ }).click();
  return numberOf(phone);
}

test("an order goes from the phone to picked up, live on both screens", async () => {
  const counter = await person("Ben", TABLET, "/counter");
  await live(counter);
  await picture(counter, "01-counter-quiet");

  const phone = await person("Cleo", PHONE);
  await live(phone);
  await picture(phone, "02-menu");
  await phone.getByRole("link", { name: /Flat white/ }).click();
  await phone.getByRole("radio", { name: /Large/ }).check();
  await phone.getByRole("radio", { name: /Oat milk/ }).check();
  await phone.getByLabel(/A note/).fill("Extra hot, please");
  await phone.evaluate(() => scrollTo(0, 0));
  await picture(phone, "03-drink");
  await phone.getByRole("button", { name: /Order now/ }).click();
  const number = await numberOf(phone);
  await heading(phone, "In the queue");
  await picture(phone, "04-queued");

  await inColumn(counter, "new", number);
  await counter.locator("#arrival").getByText(`#${number} for Cleo`).waitFor();
  const mine = ticket(counter, number);
  await mine.getByText("oat milk").waitFor();
  await mine.getByText("Extra hot, please").waitFor();
  await picture(counter, "05-counter-new");
  await mine.getByRole("button", { name: "Accept" }).click();
  await inColumn(counter, "making", number);
  await heading(phone, "Ben is making it");
  await picture(phone, "06-making");

  await mine.getByRole("button", { name: /is done/ }).click();
  await mine.locator('.tick[aria-pressed="true"]').waitFor();
  await phone.locator(".lines .done").waitFor();
  await picture(counter, "07-counter-making");
  await mine.getByRole("button", { name: "Ready" }).click();
  await inColumn(counter, "ready", number);
  await heading(phone, "Ready for you");
  await picture(phone, "08-ready");
  await picture(counter, "09-counter-ready");

  await phone.getByRole("button", { name: "I have it" }).click();
  await heading(phone, "Enjoy!");
  await mine.waitFor({ state: "detached" });
  await picture(phone, "10-picked-up");

  await phone.goto("/orders");
  await phone.locator(".state.completed").first().waitFor();
  await picture(phone, "11-orders");
  await phone.goto("/notifications");
  await picture(phone, "12-news");
  await phone.goto("/beans");
  await picture(phone, "13-beans");
  await phone.context().close();
  await counter.context().close();
});

test("without script: a cart for two, an error beside its field, and cancelling", async () => {
  const phone = await person("Edith", { ...PHONE, javaScriptEnabled: false });
  await phone.getByRole("link", { name: /Cappuccino/ }).click();
  await phone.getByRole("button", { name: "To the cart" }).click();
  await heading(phone, "Your cart");
  await phone.getByRole("link", { name: "Add another drink" }).click();
  await phone.getByRole("link", { name: /Espresso/ }).first().click();
  await phone.getByRole("radio", { name: "A guest" }).check();
  await phone.getByRole("button", { name: /To the cart/ }).click();
  await phone.getByText("What is your guest’s name?").waitFor();
  assert.equal(await phone.locator("#guest").getAttribute("aria-invalid"), "true");
  await picture(phone, "20-error");
  await phone.locator("#guest").fill("Leo");
  await phone.getByRole("button", { name: /To the cart/ }).click();
  await phone.getByText("Leo").waitFor();
  await picture(phone, "21-cart");
  await phone.getByRole("button", { name: "Order 2 drinks" }).click();
  await numberOf(phone);
  await phone.getByText("Cancel this order").click();
  await phone.getByRole("button", { name: "Yes, cancel it" }).click();
  await heading(phone, "Cancelled");
  await picture(phone, "22-cancelled");
  await phone.goto("/cart");
  await phone.getByText("Nothing in it yet").waitFor();
  await phone.context().close();
});

test("the menu is found in spite of a typing error, with script and without", async () => {
  const phone = await person("Dan", PHONE);
  await phone.getByRole("searchbox").pressSequentially("capuchino");
  await phone.getByRole("heading", { name: "Found" }).waitFor();
  await phone.getByRole("link", { name: /Cappuccino/ }).waitFor();
  await phone.waitForURL(/\?q=capuchino/);
  await picture(phone, "30-search");
  await phone.goto("/?q=esspresso");
  await phone.getByRole("link", { name: /Espresso/ }).first().waitFor();
  await phone.goto("/?q=zzzzqqqq");
  await phone.getByText("Nothing like").waitFor();
  await phone.context().close();
});

test("a pause and a sold-out drink reach the phones at once", async (t) => {
  const counter = await person("Ada", TABLET, "/counter");
  // Whatever fails here, the bar is open for the next test.
  t.after(async () => {
    const again = await person("Ada", TABLET, "/counter");
    const open = again.getByRole("button", { name: "Open the bar" });
    if (await open.isVisible()) {
      await open.click();
      await again.getByText("Pause", { exact: true }).waitFor();
    }
    await again.context().close();
  });
  const phone = await person("Dan", PHONE);
  await live(phone);
  await live(counter);
  await counter.getByText("Pause", { exact: true }).click();
  await picture(counter, "40-counter-pause");
  await counter.getByRole("button", { name: "10 minutes" }).click();
  await phone.locator(".bar-line").getByText("A short break").waitFor();
  await picture(phone, "41-paused");
  await phone.goto("/menu/espresso");
  const answered = phone.waitForResponse((response) => response.request().method() === "POST");
  await phone.getByRole("button", { name: /Order now/ }).click();
  assert.equal((await answered).status(), 409);
  await phone.getByRole("alert").filter({ hasText: "The bar takes a short break" }).waitFor();
  await picture(phone, "42-refused");
  await phone.goto("/orders");
  assert.equal(await phone.locator(".state.queued, .state.placed").count(), 0, "no order came to be");
  await counter.getByRole("button", { name: "Open the bar" }).click();
  await phone.goto("/");
  await phone.locator(".bar-line").getByText("Open").waitFor();
  await live(phone);

  await counter.goto("/counter/menu");
  await live(counter);
  const offer = counter.getByRole("button", { name: /Americano/ });
  await offer.click();
  await counter.locator(".off-toggle.off", { hasText: "Americano" }).waitFor();
  await picture(counter, "43-sold-out");
  await phone.locator(".drink.off", { hasText: "Americano" }).getByText("Sold out today").waitFor();
  await offer.click();
  await phone.locator(".drink:not(.off)", { hasText: "Americano" }).waitFor();
  await phone.context().close();
  await counter.context().close();
});

test("a pause ends by the clock, on every screen and for who sees none", async () => {
  const counter = await person("Ada", TABLET, "/counter");
  const phone = await person("Dan", PHONE);
  await live(phone);
  await live(counter);
  await counter.evaluate(async () => {
    const until = new Date(Date.now() + 3000).toISOString();
    const body = JSON.stringify({ state: "paused", until });
    await fetch("/v1/bar", { method: "PUT", headers: { "content-type": "application/json" }, body });
  });
  const told = phone.locator("#status");
  await phone.locator(".bar-line").getByText("A short break").waitFor();
  await told.getByText("A short break").waitFor({ state: "attached" });
  await counter.getByRole("button", { name: "Open the bar" }).waitFor();
  // Nothing happens any more but that time passes.
  await phone.locator(".bar-line").getByText("Open").waitFor();
  await told.getByText("Open").waitFor({ state: "attached" });
  await counter.locator(".bar-line").getByText("Open").waitFor();
  await counter.getByText("Pause", { exact: true }).waitFor();
  await phone.context().close();
  await counter.context().close();
});

test("an answer that was asked for earlier and comes later changes nothing", async () => {
  const counter = await person("Ben", TABLET, "/counter");
  await live(counter);
  const phone = await person("Cleo", PHONE);
  const number = await orderOne(phone, "espresso");
  await inColumn(counter, "new", number);
  // The next look at the board is held up on its way, with what was true when it was asked.
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  let begin = () => {};
  const begun = new Promise((resolve) => (begin = () => resolve(undefined)));
  await counter.route("**/counter/board", async (route) => {
    const answer = await route.fetch();
    begin();
    await held;
    await route.fulfill({ response: answer });
  }, { times: 1 });
  const second = await orderOne(phone, "americano");
  await begun;
  await ticket(counter, number).getByRole("button", { name: "Accept" }).click();
  await inColumn(counter, "making", number);
  await counter.evaluate((number) => {
    const back = () => document.querySelector(`[data-column="new"] .ticket[data-number="${number}"]`);
    new MutationObserver(() => back() && document.body.setAttribute("data-went-back", "")).observe(document.body, { childList: true, subtree: true });
  }, number);
  release();
  // What was held back was old in the one thing and new in the other: so it is asked again.
  await inColumn(counter, "new", second);
  await inColumn(counter, "making", number);
  assert.equal(await counter.locator("body").getAttribute("data-went-back"), null);
  await ticket(counter, number).getByRole("button", { name: "Ready" }).click();
  await inColumn(counter, "ready", number);
  await ticket(counter, number).getByRole("button", { name: "Picked up" }).click();
  await ticket(counter, number).waitFor({ state: "detached" });
  await cancel(phone);
  await phone.context().close();
  await counter.context().close();
});

test("a page whose session is over leads to the sign-in", async () => {
  const phone = await person("Dan", PHONE, "/menu/espresso");
  await live(phone);
  await phone.context().clearCookies();
  // Its stream ends, as it does with the token, and is refused when it comes again.
  await phone.context().setOffline(true);
  await phone.context().setOffline(false);
  await phone.waitForURL(/\/sign-in$/);
  await phone.context().close();
});

test("a declined order tells its customer why", async () => {
  const counter = await person("Ada", TABLET, "/counter");
  await live(counter);
  const phone = await person("Cleo", PHONE);
  const news = await person("Cleo", PHONE, "/notifications");
  await live(news);
  const number = await orderOne(phone, "americano");
  await heading(phone, "In the queue");
  const mine = ticket(counter, number);
  await mine.locator(".pop > summary").click();
  await picture(counter, "50-counter-more");
  await mine.getByLabel("In other words").fill("We are out of beans");
  await mine.getByRole("button", { name: "Decline", exact: true }).click();
  await mine.waitFor({ state: "detached" });
  await phone.locator(".reason").getByText("We are out of beans").waitFor();
  await heading(phone, "Sorry, not this time");
  await picture(phone, "51-declined");
  // The news are written a moment after the event that they are about.
  await news.locator(`a[href="${new URL(phone.url()).pathname}"]`).waitFor();
  await news.context().close();
  await phone.context().close();
  await counter.context().close();
});

test("what happened while the connection was lost is there when it returns", async () => {
  const counter = await person("Ben", TABLET, "/counter");
  await live(counter);
  const phone = await person("Edith", PHONE);
  const first = await orderOne(phone, "espresso");
  await inColumn(counter, "new", first);
  await counter.context().setOffline(true);
  await counter.locator("#connection").getByText("Connection lost, trying again").waitFor();
  await picture(counter, "60-counter-lost");
  await cancel(phone);
  const second = await orderOne(phone, "americano");
  await counter.context().setOffline(false);
  await counter.locator("#connection").getByText("Back online").waitFor();
  await inColumn(counter, "new", second);
  await ticket(counter, first).waitFor({ state: "detached" });
  await picture(counter, "61-counter-back");
  await cancel(phone);
  await ticket(counter, second).waitFor({ state: "detached" });
  await phone.context().close();
  await counter.context().close();
});

test("a link signs in once, by its button and not by looking at it", async () => {
  // Cleo's link has signed her in already: looking still shows the button, using it does not work.
  const context = await visitor(PHONE);
  const page = await context.newPage();
  const answer = await page.goto(linkOf("Cleo"));
  assert.equal(answer?.headers()["referrer-policy"], "no-referrer");
  await picture(page, "70-sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "This link is used up");
  await picture(page, "71-link-over");
  await page.goto("/orders");
  await page.getByText("You are not signed in on this device").waitFor();
  await picture(page, "72-signed-out");
  await page.goto("/");
  await page.waitForURL(/\/sign-in$/);
  await context.close();
});

test("pages that do not exist, and pages that are not one's own, say so", async () => {
  const phone = await person("Dan", { ...PHONE, colorScheme: "dark" });
  assert.equal((await phone.goto("/nowhere"))?.status(), 404);
  await heading(phone, "Nothing here");
  await picture(phone, "80-not-found-dark");
  assert.equal((await phone.goto("/orders/ord_01h455vb4pex5vsknk084sn02q"))?.status(), 404);
  assert.equal((await phone.goto("/counter"))?.status(), 403);
  await phone.goto("/");
  await picture(phone, "81-menu-dark");
  await phone.context().close();
});

/** @param {Page} phone */
async function cancel(phone) {
  await phone.getByText("Cancel this order").click();
  await phone.getByRole("button", { name: "Yes, cancel it" }).click();
  await heading(phone, "Cancelled");
}

/**
 * The pages about people, for whoever runs the family.
 * @param {Page} admin
 */
async function ofPeople(admin) {
  const somebody = await admin.locator('a[href^="/family/mem_"]').first().getAttribute("href");
  const beans = somebody?.replace("/family/", "/beans/");
  return ["/me", "/family", `${somebody}`, "/family/devices", `${beans}`, "/house", "/favourites"];
}

test("whatever can be tapped is big enough for a finger", async () => {
  const phone = await person("Dan", PHONE);
  await orderOne(phone, "flat-white");
  const way = new URL(phone.url()).pathname;
  const counter = await person("Ben", TABLET, "/counter");
  const admin = await person("Ada", PHONE, "/family");
  for (const [page, paths] of /** @type {[Page, string[]][]} */ ([
    [phone, ["/", "/menu/flat-white", "/cart", "/orders", "/notifications", "/me/tokens", "/join", way]],
    [admin, await ofPeople(admin)],
    [counter, ["/counter", "/counter/menu"]],
  ])) {
    for (const path of paths) {
      await page.goto(path);
      const small = await page.evaluate(tooSmall);
      assert.deepEqual(small, [], path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wide, false, `${path} scrolls sideways`);
      const out = await page.locator("main.page > .stack > :not(.sticky-actions)").evaluateAll((all) =>
        all.filter((element) => element.getBoundingClientRect().right > innerWidth - 19).map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(out, [], `${path} leaves its column`);
    }
  }
  // The counter on a phone: nothing in its head lies on something else.
  await counter.setViewportSize(PHONE.viewport);
  await counter.goto("/counter");
  const onEachOther = await counter.locator(".counter-head > *, .counter-head .bar-line > *").evaluateAll((all) => {
    const boxes = all.filter((element) => element.checkVisibility()).map((element) => ({ element, box: element.getBoundingClientRect() }));
    return boxes.flatMap((one, at) =>
      boxes
        .slice(at + 1)
        .filter((two) => !one.element.contains(two.element) && !two.element.contains(one.element))
        .filter(({ box }) => one.box.left < box.right && box.left < one.box.right && one.box.top < box.bottom && box.top < one.box.bottom)
        .map((two) => `${one.element.textContent?.trim()} / ${two.element.textContent?.trim()}`),
    );
  });
  assert.deepEqual(onEachOther, []);
  await cancel(phone);
  await admin.context().close();
  await phone.context().close();
  await counter.context().close();
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`text stands out from its ground as WCAG AA asks, ${scheme}`, async () => {
    const phone = await person("Dan", { ...PHONE, colorScheme: scheme });
    await orderOne(phone, "flat-white");
    const way = new URL(phone.url()).pathname;
    const counter = await person("Ben", { ...TABLET, colorScheme: scheme }, "/counter");
    const admin = await person("Ada", { ...PHONE, colorScheme: scheme }, "/family");
    for (const [page, paths] of /** @type {[Page, string[]][]} */ ([
      [phone, ["/", "/menu/flat-white", "/orders", "/notifications", "/beans", "/me/tokens", "/join", "/nowhere", way]],
      [admin, await ofPeople(admin)],
      [counter, ["/counter", "/counter/menu"]],
    ])) {
      for (const path of paths) {
        await page.goto(path);
        assert.deepEqual(await page.evaluate(faint), [], `${path}, ${scheme}`);
      }
    }
    await counter.goto("/counter");
    await picture(counter, `90-counter-${scheme}`);
    await cancel(phone);
    await admin.context().close();
    await phone.context().close();
    await counter.context().close();
  });
}

test("no page complained: no script error, nothing that the security policy refused", () => {
  assert.deepEqual(complaints, []);
});
