// Runs the browser tests against the whole program.
//
// EVERYTHING_E2E_URL and EVERYTHING_E2E_LINKS (a JSON file, [{name, roles, url}])
// name a running one; without them the program that cargo built is started, in a
// data folder of its own under target/, and stopped again.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const PROGRAM = process.env.EVERYTHING_E2E_PROGRAM ?? here("../target/debug/everything");
const DATA = here("../target/e2e-data");
/** The demo family is seeded one by one. */
const FAMILY = 5;
const LINKS = here("../target/e2e-links.json");
/** Seconds until everything must be up; the first start installs the engines. */
const PATIENCE = Number(process.env.EVERYTHING_E2E_PATIENCE ?? 300);

/** The program refuses EVERYTHING_ variables that it does not know, ours among them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EVERYTHING_E2E_")));

/**
 * From below the ports that systems deal to outgoing connections.
 * @returns {Promise<number>}
 */
async function freePort() {
  const port = 10_000 + Math.floor(Math.random() * 10_000);
  const server = createServer().listen(port, "127.0.0.1");
  if (!(await once(server, "listening").catch(() => false))) return freePort();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * The launcher's lines of sign-in links: emoji, name, roles, address.
 * @param {string} text
 */
export function readLinks(text) {
  return [...text.matchAll(/^\s*\S+\s+(\S+)\s+(.*?)\s+(https?:\/\/\S+\/sign-in\/\S+)\s*$/gmu)].map(
    ([, name, roles, url]) => ({ name, roles, url }),
  );
}

/**
 * Whether pages are served and everybody has a link, which then is in LINKS.
 * @param {string} url
 */
async function isUp(url) {
  const answer = await fetch(`${url}/sign-in`).catch(() => null);
  if (!answer?.ok) return false;
  const asked = spawn(PROGRAM, ["links", "--data", DATA], { stdio: ["ignore", "pipe", "ignore"], env });
  let text = "";
  for await (const part of asked.stdout) text += part;
  const links = readLinks(text);
  writeFileSync(LINKS, JSON.stringify(links));
  return links.length === FAMILY;
}

async function start() {
  // `reset` knows what lies outside of the folder; a program that is missing is told below.
  const reset = spawn(PROGRAM, ["reset", "--yes", "--data", DATA], { stdio: "ignore", env });
  await once(reset, "exit").catch(() => {});
  rmSync(DATA, { recursive: true, force: true });
  const port = await freePort();
  const everything = spawn(PROGRAM, ["up", "--data", DATA, "--port", String(port)], { stdio: ["ignore", "pipe", "pipe"], env });
  /** @type {string[]} */
  const said = [];
  const stop = async () => {
    if (everything.exitCode !== null || everything.signalCode !== null) return;
    everything.kill("SIGTERM");
    await once(everything, "exit");
  };
  for (const stream of [everything.stdout, everything.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      if (said.length > 400) said.shift();
    });
  }
  everything.on("error", (error) => {
    console.error(`${PROGRAM}: ${error.message}; run \`cargo build --workspace\` first`);
    process.exit(1);
  });
  const url = `http://localhost:${port}`;
  const patience = AbortSignal.timeout(PATIENCE * 1000);
  while (!(await isUp(url))) {
    if (everything.exitCode !== null || patience.aborted) {
      console.error(said.join("\n"));
      await stop();
      throw new Error("the program did not come up");
    }
    await setTimeout(250);
  }
  return { url, stop, said };
}

// Who was signed in the last time is nobody now.
const kept = process.env.EVERYTHING_E2E_LINKS ?? LINKS;
for (const file of readdirSync(dirname(kept))) {
  if (file.startsWith(`${basename(kept)}.`)) rmSync(join(dirname(kept), file));
}
const given = process.env.EVERYTHING_E2E_URL;
const running = given ? { url: given, stop: async () => {}, said: [] } : await start();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => running.stop().then(() => process.exit(130)));
}
const tests = spawn(process.execPath, ["--test", "--test-concurrency=1", "--test-reporter=spec", ...process.argv.slice(2), "tests/"], {
  cwd: here("."),
  stdio: "inherit",
  env: {
    ...process.env,
    EVERYTHING_E2E_URL: running.url,
    EVERYTHING_E2E_LINKS: kept,
  },
});
const [code] = await once(tests, "exit");
if (code !== 0) console.error(running.said.slice(-80).join("\n"));
await running.stop();
process.exitCode = code ?? 1;
